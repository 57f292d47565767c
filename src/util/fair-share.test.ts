import fc from "fast-check";
import { expect, test } from "vitest";
import { FairShare } from "./fair-share.ts";

test("who is alone may have all of it, and no more", () => {
  const share = new FairShare(10);
  share.add("a", 9);
  expect([share.hasRoom("a", 1), share.hasRoom("a", 2)]).toEqual([true, false]);
});

test("where one has it all, another still has an even share", () => {
  const share = new FairShare(10);
  share.add("a", 10);
  expect([share.hasRoom("a", 1), share.hasRoom("b", 5), share.hasRoom("b", 6)]).toEqual([
    false,
    true,
    false,
  ]);
  share.add("b", 5);
  expect([share.hasRoom("b", 1), share.hasRoom("c", 4), share.hasRoom("c", 5)]).toEqual([
    false,
    true,
    false,
  ]);
  share.add("a", -10);
  expect(share.hasRoom("b", 5)).toBe(true);
});

test("whatever comes and goes, no more than the bound is held, and nothing is left at the end", () => {
  const wish = fc.tuple(
    fc.constantFrom("a", "b", "c", "d"),
    fc.integer({ min: 1, max: 40 }),
    fc.boolean(),
  );
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 60 }), (wishes) => {
      const share = new FairShare(100);
      const taken: (readonly [string, number])[] = [];
      for (const [holder, amount, isLeaving] of wishes) {
        const [oldest] = taken;
        if (isLeaving && oldest !== undefined) {
          taken.shift();
          share.add(oldest[0], -oldest[1]);
        }
        if (!share.hasRoom(holder, amount)) continue;
        share.add(holder, amount);
        taken.push([holder, amount]);
        expect(share.held).toBeLessThanOrEqual(100 * (1 + Math.log(4)) + 4);
      }
      for (const [holder, amount] of taken) share.add(holder, -amount);
      expect(share.held).toBe(0);
    }),
  );
});
