import { expect, test } from "vitest";
import { createSlots } from "./slots.ts";
import type { Slot } from "./slots.ts";

const never = new AbortController().signal;

test("hands out as many slots as there are, and the next when one is released", async () => {
  const slots = createSlots({ concurrency: 2, maxQueued: 1 });
  const first = await slots.acquire(never);
  await slots.acquire(never);
  let third: Slot | undefined;
  const waiting = slots.acquire(never).then((slot) => (third = slot));
  await Promise.resolve();
  expect(third).toBeUndefined();
  first.release();
  await waiting;
  expect(third).toBeDefined();
});

test("serves in the order of arrival", async () => {
  const slots = createSlots({ concurrency: 1, maxQueued: 3 });
  const first = await slots.acquire(never);
  const order: number[] = [];
  const waiting = [1, 2, 3].map(async (number) => {
    const slot = await slots.acquire(never);
    order.push(number);
    slot.release();
  });
  first.release();
  await Promise.all(waiting);
  expect(order).toEqual([1, 2, 3]);
});

test("refuses who finds the queue full, and that costs no slot", async () => {
  const slots = createSlots({ concurrency: 1, maxQueued: 1 });
  const first = await slots.acquire(never);
  const second = slots.acquire(never);
  await expect(slots.acquire(never)).rejects.toMatchObject({
    code: "CAPACITY_EXHAUSTED",
    details: { limit: 2 },
  });
  first.release();
  (await second).release();
  (await slots.acquire(never)).release();
});

test("with no queue, refuses at once", async () => {
  const slots = createSlots({ concurrency: 1, maxQueued: 0 });
  const first = await slots.acquire(never);
  await expect(slots.acquire(never)).rejects.toMatchObject({ code: "CAPACITY_EXHAUSTED" });
  first.release();
  await expect(slots.acquire(never)).resolves.toBeDefined();
});

test("who aborts leaves the queue to the others", async () => {
  const slots = createSlots({ concurrency: 1, maxQueued: 2 });
  const first = await slots.acquire(never);
  const controller = new AbortController();
  const reason = new Error("gone");
  const second = slots.acquire(controller.signal);
  const third = slots.acquire(never);
  controller.abort(reason);
  await expect(second).rejects.toBe(reason);
  first.release();
  await expect(third).resolves.toBeDefined();
});

test("an abort before the call is refused, even where a slot is free", async () => {
  const slots = createSlots({ concurrency: 1, maxQueued: 1 });
  await expect(slots.acquire(AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
  await expect(slots.acquire(never)).resolves.toBeDefined();
});

test("an abort after the slot was handed over changes nothing", async () => {
  const slots = createSlots({ concurrency: 1, maxQueued: 1 });
  const first = await slots.acquire(never);
  const controller = new AbortController();
  const second = slots.acquire(controller.signal);
  first.release();
  controller.abort();
  (await second).release();
  await expect(slots.acquire(never)).resolves.toBeDefined();
});

test("a slot released twice is one slot", async () => {
  const slots = createSlots({ concurrency: 1, maxQueued: 0 });
  const first = await slots.acquire(never);
  first.release();
  first.release();
  await slots.acquire(never);
  await expect(slots.acquire(never)).rejects.toMatchObject({ code: "CAPACITY_EXHAUSTED" });
});
