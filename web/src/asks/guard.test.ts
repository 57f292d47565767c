import { expect, test } from "vitest";
import { GUARD_MS, isMeant } from "./guard.ts";

test.each([
  ["pressed before the card came, released long after", { begunMs: 990, nowMs: 5000 }, false],
  ["pressed in the first half second", { begunMs: 1499, nowMs: 5000 }, false],
  ["pressed after it", { begunMs: 1500, nowMs: 1500 }, true],
  ["clicked by a screen reader too early", { begunMs: undefined, nowMs: 1499 }, false],
  ["clicked by a screen reader", { begunMs: undefined, nowMs: 1500 }, true],
])("%s", (_, press, expected) => {
  expect(GUARD_MS).toBe(500);
  expect(isMeant({ ...press, stillSinceMs: 1000 })).toBe(expected);
});
