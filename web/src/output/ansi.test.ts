import { describe, expect, test } from "vitest";
import { createAnsiReader, cssOf, groundOf, type StyledText } from "./ansi.ts";

const ESC = "\u001b";
const read = (...pieces: readonly string[]): readonly StyledText[] => {
  const reader = createAnsiReader();
  return pieces.flatMap((piece) => reader(piece));
};

describe("colours", () => {
  test.each<[string, StyledText[]]>([
    ["plain", [{ text: "plain", style: {} }]],
    [`${ESC}[31mred`, [{ text: "red", style: { color: { index: 1 } } }]],
    [`${ESC}[1;92mgreen`, [{ text: "green", style: { bold: true, color: { index: 10 } } }]],
    [`${ESC}[38;5;208mx`, [{ text: "x", style: { color: { index: 208 } } }]],
    [`${ESC}[48;2;1;2;3mx`, [{ text: "x", style: { background: { rgb: "rgb(1 2 3)" } } }]],
    [`${ESC}[38;5;999mx`, [{ text: "x", style: {} }]],
    [`${ESC}[38mx`, [{ text: "x", style: {} }]],
  ])("%j", (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test("end at a reset", () => {
    expect(read(`${ESC}[7;31ma${ESC}[mb`)).toEqual([
      { text: "a", style: { inverse: true, color: { index: 1 } } },
      { text: "b", style: {} },
    ]);
  });

  test("hold in the next piece, also of a sequence that was cut in two", () => {
    expect(read(`a${ESC}[3`, "1mb", "c")).toEqual([
      { text: "a", style: {} },
      { text: "b", style: { color: { index: 1 } } },
      { text: "c", style: { color: { index: 1 } } },
    ]);
  });
});

describe("other sequences", () => {
  test.each([
    `a${ESC}[2J${ESC}[10;5Hb`,
    `a${ESC}]0;title\u0007b`,
    `a${ESC}]8;;http://x/${ESC}\\b`,
    `a${ESC}(Bb`,
    `a${ESC}cb`,
  ])("are left out: %j", (text) => {
    expect(
      read(text)
        .map((part) => part.text)
        .join(""),
    ).toBe("ab");
  });

  test("that have no end are given up", () => {
    const parts = read(`${ESC}]${"x".repeat(300)}`, "after");
    expect(parts.at(-1)?.text).toBe("after");
  });
});

test.each([
  [{ index: 1 }, "var(--ansi-1)"],
  [{ index: 16 }, "rgb(0 0 0)"],
  [{ index: 208 }, "rgb(255 135 0)"],
  [{ index: 255 }, "rgb(238 238 238)"],
])("%j is %s", (color, css) => {
  expect(cssOf(color)).toBe(css);
});

test.each([
  [{ index: 1 }, "color-mix(in srgb, var(--ansi-1) 20%, var(--pane))"],
  [{ index: 16 }, "rgb(0 0 0)"],
  [{ rgb: "rgb(1 2 3)" }, "rgb(1 2 3)"],
])("%j behind text is %s", (color, css) => {
  expect(groundOf(color)).toBe(css);
});
