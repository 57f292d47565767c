import { expect, test } from "vitest";
import { createHourlyBound } from "./hourly.ts";

test("so many in an hour, each caller by itself; then it begins anew", () => {
  let now = 1000;
  const bound = createHourlyBound(2, () => now);
  expect([bound.take("a"), bound.take("a")]).toEqual([undefined, undefined]);
  now += 600_000;
  expect(bound.take("a")).toBe(3_000_000);
  expect(bound.take("b")).toBeUndefined();
  now += 3_000_000;
  expect(bound.take("a")).toBeUndefined();
});

test("none at all where none are allowed", () => {
  expect(createHourlyBound(0, () => 0).take("a")).toBe(3_600_000);
});
