import { expect, test } from "vitest";
import { escapeControls } from "./escape-controls.ts";

test.each([
  ["zwölf \u{1F600} \u05D0", "zwölf \u{1F600} \u05D0"],
  ["\x1b]0;title\x07\r\x9b31m", String.raw`\x1b]0;title\x07\x0d\x9b31m`],
  ["\u202Egpj.exe\u2069\u2028", String.raw`\u202egpj.exe\u2069\u2028`],
  ["first\nglovebox: all is well", "first\n  glovebox: all is well"],
])("%j", (text, shown) => {
  expect(escapeControls(text)).toBe(shown);
});
