import { expect, test } from "vitest";
import { pathOf, topOf } from "./chart-path.ts";

const size = { top: 10, width: 100, height: 12 };

test("a line goes from the left edge to the right, and from the bottom to the top", () => {
  expect(pathOf([0, 5, 10], size)).toBe("M0.0 11.0L50.0 6.0L100.0 1.0");
});

test("what was not measured is a gap", () => {
  expect(pathOf([1, null, 1], size)).toBe("M0.0 10.0M100.0 10.0");
});

test("nothing has no line, and a top all the same", () => {
  expect(pathOf([], size)).toBe("");
  expect([topOf([]), topOf([null, 0]), topOf([3, null, 7])]).toEqual([1, 1, 7]);
});
