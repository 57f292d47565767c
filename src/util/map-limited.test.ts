import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { mapLimited } from "./map-limited.ts";

test("keeps the order, and has no more at a time than allowed", async () => {
  let running = 0;
  let most = 0;
  const results = await mapLimited([30, 1, 20, 1, 5], 2, async (ms) => {
    most = Math.max(most, ++running);
    await sleep(ms);
    running--;
    return ms * 2;
  });
  expect(results).toEqual([60, 2, 40, 2, 10]);
  expect(most).toBe(2);
});

test("fails with the first failure and begins nothing after it", async () => {
  const begun: number[] = [];
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    await sleep(1);
    if (item === 2) throw new Error("two");
  };
  await expect(mapLimited([1, 2, 3, 4, 5, 6], 2, work)).rejects.toThrow("two");
  expect(begun.length).toBeLessThan(5);
});

test("of nothing is nothing", async () => {
  expect(await mapLimited([], 3, () => Promise.resolve(1))).toEqual([]);
});
