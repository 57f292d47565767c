import { expect, test } from "vitest";
import { showText, showValue } from "./show-value.ts";

test.each<[string, unknown, string]>([
  ["text in quotes", "a b", '"a b"'],
  ["control characters escaped", "a\u001b[2J\n\u0000", '"a\\u001b[2J\\n\\u0000"'],
  ["bidi and C1 characters escaped", "a\u202eb\u009b", '"a\\u202eb\\u009b"'],
  ["a lone surrogate escaped", "\ud800", '"\\ud800"'],
  ["long text shortened", "x".repeat(81), `"${"x".repeat(80)}"...`],
  ["text of 80 characters whole", "x".repeat(80), `"${"x".repeat(80)}"`],
  ["a number", -1.5, "-1.5"],
  ["infinity", Infinity, "Infinity"],
  ["null", null, "null"],
  ["an array by kind", [1], "an array"],
  ["an empty array", [], "an empty array"],
  ["an object by kind", { a: 1 }, "an object"],
])("showValue writes %s", (_name, value, shown) => {
  expect(showValue(value)).toBe(shown);
});

test("a very deep array is named without walking into it", () => {
  let deep: unknown = [];
  for (let level = 0; level < 200_000; level++) deep = [deep];
  expect(showValue(deep)).toBe("an array");
});

test("showText is showValue without the quotes", () => {
  expect(showText("a\nb")).toBe("a\\nb");
  expect(showText("y".repeat(100))).toBe(`${"y".repeat(80)}...`);
});
