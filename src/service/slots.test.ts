import { describe, expect, test } from "vitest";
import { isGloveboxError } from "../core/errors.ts";
import { createSlots } from "./slots.ts";
import type { Slot, SlotRequest, Slots, SlotsOptions } from "./slots.ts";

const never = new AbortController().signal;

const slotsOf = (options: Partial<SlotsOptions>): Slots =>
  createSlots({ concurrency: 1, memoryBytes: 100, maxQueued: 100, ...options });

const ask = (request: Partial<SlotRequest> = {}): SlotRequest => ({
  callerId: "ann",
  memoryBytes: 1,
  ...request,
});

/** Holds all that comes from it only until the next does; tells in which order they came. */
async function orderOf(slots: Slots, requests: readonly Partial<SlotRequest>[]): Promise<number[]> {
  const first = await slots.acquire(ask({ callerId: "first" }), never);
  const order: number[] = [];
  const ended = requests.map(async (request, number) => {
    const slot = await slots.acquire(ask(request), never);
    order.push(number);
    slot.release();
  });
  first.release();
  await Promise.all(ended);
  return order;
}

test("hands out as many slots as there are, and the next when one is released", async () => {
  const slots = slotsOf({ concurrency: 2, maxQueued: 1 });
  const first = await slots.acquire(ask(), never);
  await slots.acquire(ask(), never);
  let third: Slot | undefined;
  const waiting = slots.acquire(ask(), never).then((slot) => (third = slot));
  await Promise.resolve();
  expect(third).toBeUndefined();
  first.release();
  await waiting;
  expect(third).toBeDefined();
});

test("tells how long was waited, and what is held", async () => {
  let now = 0;
  const slots = slotsOf({ now: () => now });
  const first = await slots.acquire(ask({ memoryBytes: 3 }), never);
  expect(first.waitedMs).toBe(0);
  const second = slots.acquire(ask({ callerId: "bob", memoryBytes: 4 }), never);
  expect(slots.stats()).toEqual({
    running: 1,
    waiting: 1,
    heldMemoryBytes: 3,
    isWanted: true,
  });
  now = 70;
  first.release();
  expect((await second).waitedMs).toBe(70);
  (await second).release();
  expect(slots.stats()).toEqual({
    running: 0,
    waiting: 0,
    heldMemoryBytes: 0,
    isWanted: false,
  });
});

test("tells who has what of it, and how long the one that came first has waited", async () => {
  let now = 0;
  const slots = slotsOf({ now: () => now });
  expect(slots.shares()).toEqual({ oldestWaitMs: 0, callers: [] });
  const leaving = new AbortController();
  const running = await slots.acquire(ask(), never);
  const first = slots.acquire(ask({ callerId: "bob" }), leaving.signal);
  now = 30;
  const urgent = slots.acquire(ask({ callerId: "bob", priority: 10 }), never);
  now = 100;
  const last = slots.acquire(ask(), never);
  expect(slots.shares()).toEqual({
    oldestWaitMs: 100,
    callers: [
      { callerId: "ann", waiting: 1, held: 1 },
      { callerId: "bob", waiting: 2, held: 0 },
    ],
  });
  leaving.abort(new Error("gone"));
  await expect(first).rejects.toThrow("gone");
  expect(slots.shares().oldestWaitMs).toBe(70);
  running.release();
  (await urgent).release();
  (await last).release();
  expect(slots.shares()).toEqual({ oldestWaitMs: 0, callers: [] });
});

test("says whether who waits would run in another's slot", async () => {
  const slots = slotsOf({ concurrency: 2, memoryBytes: 10 });
  const first = await slots.acquire(ask({ memoryBytes: 8, maxConcurrent: 1 }), never);
  const own = slots.acquire(ask({ maxConcurrent: 1 }), never);
  // Its own caller has all it may have.
  expect(slots.stats().isWanted).toBe(false);
  const large = slots.acquire(ask({ callerId: "bob", memoryBytes: 8 }), never);
  // For memory, though a slot is free.
  expect(slots.stats()).toMatchObject({ running: 1, isWanted: true });
  first.release();
  (await large).release();
  (await own).release();
});

describe("whose turn it is", () => {
  test.each<[string, readonly Partial<SlotRequest>[], number[]]>([
    ["arrival", [{}, {}, {}], [0, 1, 2]],
    ["priority, then arrival", [{ priority: -1 }, {}, { priority: 9 }, {}], [2, 1, 3, 0]],
    ["callers in turn", [{}, {}, {}, { callerId: "bob" }, { callerId: "cat" }], [0, 3, 4, 1, 2]],
    [
      "no priority over another caller",
      [{}, { callerId: "bob", priority: 10 }, { callerId: "bob", priority: 10 }],
      [0, 1, 2],
    ],
  ])("%s", async (_name, requests, order) => {
    expect(await orderOf(slotsOf({}), requests)).toEqual(order);
  });

  test("the caller's who holds the fewest slots, also where it was served last", async () => {
    const slots = slotsOf({ concurrency: 4 });
    const held = [];
    for (const callerId of ["ann", "ann", "bob", "cat"]) {
      held.push(await slots.acquire(ask({ callerId }), never));
    }
    const order: string[] = [];
    const [, bob] = ["ann", "bob"].map(async (callerId) => {
      await slots.acquire(ask({ callerId }), never);
      order.push(callerId);
    });
    held[3]?.release();
    await bob;
    expect(order).toEqual(["bob"]);
  });

  test("who comes back as soon as it was served gets no more turns for that", async () => {
    const slots = slotsOf({});
    const order: string[] = [];
    let last = await slots.acquire(ask(), never);
    let ann: Promise<void> | undefined;
    const enter = async (callerId: string): Promise<void> => {
      const slot = await slots.acquire(ask({ callerId }), never);
      order.push(callerId);
      last = slot;
    };
    for (const callerId of ["bob", "cat", "bob", "cat"]) void enter(callerId);
    for (let count = 0; count < 6; count += 1) {
      last.release();
      await new Promise(setImmediate);
      // The other two always have one that waits.
      if (order.at(-1) === "bob") ann = enter("ann");
    }
    await ann;
    expect(order).toEqual(["bob", "cat", "ann", "bob", "cat", "ann"]);
  });

  test("a caller at its maximum is passed over, and served once it is below", async () => {
    const slots = slotsOf({ concurrency: 2 });
    const first = await slots.acquire(ask({ maxConcurrent: 1 }), never);
    const second = slots.acquire(ask({ maxConcurrent: 1 }), never);
    const bob = await slots.acquire(ask({ callerId: "bob" }), never);
    bob.release();
    expect(slots.stats()).toMatchObject({ running: 1, waiting: 1 });
    first.release();
    await expect(second).resolves.toBeDefined();
  });
});

describe("memory", () => {
  test("who is alone may use more than there is", async () => {
    const slots = slotsOf({ concurrency: 2, memoryBytes: 10 });
    const first = await slots.acquire(ask({ memoryBytes: 11 }), never);
    const second = slots.acquire(ask({ memoryBytes: 1 }), never);
    expect(slots.stats()).toMatchObject({ running: 1, waiting: 1 });
    first.release();
    await expect(second).resolves.toBeDefined();
  });

  test("nobody overtakes who waits for it", async () => {
    const slots = slotsOf({ concurrency: 3, memoryBytes: 10 });
    const first = await slots.acquire(ask({ memoryBytes: 6 }), never);
    const large = slots.acquire(ask({ memoryBytes: 10 }), never);
    const later = [{ priority: 10 }, { callerId: "bob" }].map((r) => slots.acquire(ask(r), never));
    expect(slots.stats()).toMatchObject({ running: 1, waiting: 3 });
    first.release();
    expect(slots.stats()).toMatchObject({ running: 1, waiting: 2, heldMemoryBytes: 10 });
    (await large).release();
    await Promise.all(later);
  });

  test("when who waits for it leaves, the others come in", async () => {
    const slots = slotsOf({ concurrency: 3, memoryBytes: 10 });
    await slots.acquire(ask({ memoryBytes: 6 }), never);
    const controller = new AbortController();
    const large = slots.acquire(ask({ memoryBytes: 10 }), controller.signal);
    const small = slots.acquire(ask({ callerId: "bob" }), never);
    controller.abort(new Error("gone"));
    await expect(large).rejects.toThrow("gone");
    await expect(small).resolves.toBeDefined();
  });
});

describe("a full queue", () => {
  test("refuses who finds it so, and that costs no slot", async () => {
    const slots = slotsOf({ maxQueued: 1 });
    const first = await slots.acquire(ask(), never);
    const second = slots.acquire(ask(), never);
    await expect(slots.acquire(ask(), never)).rejects.toMatchObject({
      code: "CAPACITY_EXHAUSTED",
      details: { limit: 2, retryAfterMs: 2000 },
      message: "the queue is full: 1 executions run and 1 wait. Try again in 2s.",
    });
    first.release();
    (await second).release();
    (await slots.acquire(ask(), never)).release();
  });

  test("of no places refuses at once", async () => {
    const slots = slotsOf({ maxQueued: 0 });
    const first = await slots.acquire(ask(), never);
    await expect(slots.acquire(ask(), never)).rejects.toMatchObject({ code: "CAPACITY_EXHAUSTED" });
    first.release();
    await expect(slots.acquire(ask(), never)).resolves.toBeDefined();
  });

  test("has for another caller its even share, and no more", async () => {
    const slots = slotsOf({ maxQueued: 4 });
    const controller = new AbortController();
    const ends: Promise<string>[] = [];
    const enter = (callerId: string): void => {
      const end = slots.acquire(ask({ callerId }), controller.signal);
      ends.push(end.then(String, (error: unknown) => (isGloveboxError(error) ? error.code : "")));
    };
    for (const callerId of ["ann", "ann", "ann", "ann", "ann", "ann"]) enter(callerId);
    for (const callerId of ["bob", "bob", "bob", "cat", "cat", "cat"]) enter(callerId);
    controller.abort();
    const isRefused = (await Promise.all(ends)).map((end) => end === "CAPACITY_EXHAUSTED");
    // The first has a slot. 4, 4 / 2 and 4 / 3 rounded up may wait.
    expect(isRefused).toEqual([
      ...[false, false, false, false, false, true],
      ...[false, false, true],
      ...[false, false, true],
    ]);
  });

  test("doesn't concern what was accepted before, which takes no room in it", async () => {
    const slots = slotsOf({ maxQueued: 1 });
    const first = await slots.acquire(ask(), never);
    const accepted = [1, 2, 3].map(() => slots.acquire(ask({ isAccepted: true }), never));
    const waiting = slots.acquire(ask(), never);
    accepted.push(slots.acquire(ask({ isAccepted: true }), never));
    first.release();
    for (const slot of [...accepted.slice(0, 3), waiting, ...accepted.slice(3)]) {
      (await slot).release();
    }
  });
});

describe("a queue timeout", () => {
  test("ends the wait of whom it concerns", async () => {
    const slots = slotsOf({});
    const first = await slots.acquire(ask(), never);
    const patient = slots.acquire(ask(), never);
    const [unhurried, second, third] = [2 ** 40, 40, 20].map((queueTimeoutMs) =>
      slots.acquire(ask({ queueTimeoutMs }), never),
    );
    await expect(third).rejects.toMatchObject({
      code: "QUEUE_TIMEOUT",
      details: { timeoutMs: 20, retryAfterMs: 4000 },
      message: "no slot came free in 20ms, and nothing was run. Try again in 4s.",
    });
    await expect(second).rejects.toMatchObject({ details: { timeoutMs: 40 } });
    first.release();
    (await patient).release();
    (await unhurried)?.release();
    expect(slots.stats()).toMatchObject({ running: 0, waiting: 0 });
  });

  test("doesn't concern who has a slot", async () => {
    const slots = slotsOf({ concurrency: 2 });
    await slots.acquire(ask({ queueTimeoutMs: 1 }), never);
    const second = await slots.acquire(ask(), never);
    const third = slots.acquire(ask({ queueTimeoutMs: 20 }), never);
    const fourth = slots.acquire(ask({ queueTimeoutMs: 20 }), never);
    second.release();
    await expect(third).resolves.toBeDefined();
    await expect(fourth).rejects.toMatchObject({ code: "QUEUE_TIMEOUT" });
    expect(slots.stats()).toMatchObject({ running: 2, waiting: 0 });
  });
});

test("what to wait before another try is told from how long slots are held", async () => {
  let now = 0;
  const slots = slotsOf({ concurrency: 2, now: () => now });
  expect(slots.retryAfterMs()).toBe(1000);
  const held = [await slots.acquire(ask(), never), await slots.acquire(ask(), never)];
  now = 6000;
  for (const slot of held) slot.release();
  const enter = (count: number): void => {
    for (let i = 0; i < count; i += 1) void slots.acquire(ask(), new AbortController().signal);
  };
  enter(5);
  // Two run and three wait: two rounds of 6 s until one that comes now would start.
  expect(slots.retryAfterMs()).toBe(12_000);
  enter(95);
  expect(slots.retryAfterMs()).toBe(60_000);
});

describe("an abort", () => {
  test("leaves the queue to the others", async () => {
    const slots = slotsOf({ maxQueued: 2 });
    const first = await slots.acquire(ask(), never);
    const controller = new AbortController();
    const reason = new Error("gone");
    const second = slots.acquire(ask(), controller.signal);
    const third = slots.acquire(ask(), never);
    controller.abort(reason);
    await expect(second).rejects.toBe(reason);
    first.release();
    await expect(third).resolves.toBeDefined();
  });

  test("before the call is refused, even where a slot is free", async () => {
    const slots = slotsOf({});
    const signal = AbortSignal.abort(new Error("gone"));
    await expect(slots.acquire(ask(), signal)).rejects.toThrow("gone");
    await expect(slots.acquire(ask(), never)).resolves.toBeDefined();
  });

  test("after the slot was handed over changes nothing", async () => {
    const slots = slotsOf({});
    const first = await slots.acquire(ask(), never);
    const controller = new AbortController();
    const second = slots.acquire(ask(), controller.signal);
    first.release();
    controller.abort();
    (await second).release();
    await expect(slots.acquire(ask(), never)).resolves.toBeDefined();
  });
});

describe("a slot", () => {
  test("released twice is one slot", async () => {
    const slots = slotsOf({ maxQueued: 0 });
    const first = await slots.acquire(ask(), never);
    first.release();
    first.release();
    await slots.acquire(ask(), never);
    await expect(slots.acquire(ask(), never)).rejects.toMatchObject({ code: "CAPACITY_EXHAUSTED" });
  });

  test("is kept after its release until all has ended that it is kept for", async () => {
    const slots = slotsOf({});
    const first = await slots.acquire(ask(), never);
    const ends: (() => void)[] = [];
    for (let count = 0; count < 2; count += 1) {
      first.keepUntil(new Promise((resolve) => ends.push(resolve)));
    }
    const second = slots.acquire(ask(), never);
    first.release();
    ends[0]?.();
    await new Promise(setImmediate);
    expect(slots.stats()).toMatchObject({ running: 1, waiting: 1 });
    ends[1]?.();
    await expect(second).resolves.toBeDefined();
  });

  test("is kept no longer by what ended before its release", async () => {
    const slots = slotsOf({});
    const first = await slots.acquire(ask(), never);
    first.keepUntil(Promise.resolve());
    first.release();
    await expect(slots.acquire(ask(), never)).resolves.toBeDefined();
  });
});
