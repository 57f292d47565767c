/** What holds for the slots whatever happens, in whatever order. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createSlots } from "../slots.ts";
import type { Slot, SlotRequest, Slots, SlotsOptions } from "../slots.ts";

const callerIds = ["ann", "bob", "cat", "dan"];

interface Waiting {
  readonly kind: "waiting";
}
interface Held {
  readonly kind: "held";
  readonly slot: Slot;
}
interface Ended {
  readonly kind: "ended";
  readonly how: "refused" | "aborted" | "released";
}

interface Job {
  readonly number: number;
  readonly request: SlotRequest;
  readonly controller: AbortController;
  state: Waiting | Held | Ended;
}

/** Slots, those that asked for them, and in which order they got them. */
class World {
  readonly jobs: Job[] = [];
  readonly granted: Job[] = [];
  readonly slots: Slots;

  constructor(options: SlotsOptions) {
    this.slots = createSlots(options);
  }

  ask(request: SlotRequest): Job {
    const controller = new AbortController();
    const number = this.jobs.length;
    const job: Job = { number, request, controller, state: { kind: "waiting" } };
    this.jobs.push(job);
    this.slots.acquire(request, controller.signal).then(
      (slot) => {
        job.state = { kind: "held", slot };
        this.granted.push(job);
      },
      () => {
        job.state = { kind: "ended", how: controller.signal.aborted ? "aborted" : "refused" };
      },
    );
    return job;
  }

  release(job: Job): void {
    if (job.state.kind !== "held") return;
    job.state.slot.release();
    job.state = { kind: "ended", how: "released" };
  }

  in(kind: Job["state"]["kind"]): Job[] {
    return this.jobs.filter(({ state }) => state.kind === kind);
  }

  /** Releases one after the other what is held, until nothing is. */
  async drain(): Promise<void> {
    for (;;) {
      await settled();
      const [job] = this.in("held");
      if (job === undefined) return;
      this.release(job);
    }
  }
}

/** All promises that could be settled by now are. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const memoryOf = (jobs: readonly Job[]): number =>
  jobs.reduce((sum, { request }) => sum + request.memoryBytes, 0);

type Step =
  | { readonly do: "ask"; readonly request: SlotRequest }
  | { readonly do: "release" | "abort"; readonly index: number };

const maxConcurrentOf: Readonly<Record<string, number>> = { ann: 1, bob: 2 };

const requestArbitrary = (maxMemoryBytes: number): fc.Arbitrary<SlotRequest> =>
  fc
    .record({
      callerId: fc.constantFrom(...callerIds),
      priority: fc.integer({ min: -2, max: 2 }),
      memoryBytes: fc.integer({ min: 1, max: maxMemoryBytes }),
      isAccepted: fc.boolean(),
    })
    .map((request) => {
      const maxConcurrent = maxConcurrentOf[request.callerId];
      return maxConcurrent === undefined ? request : { ...request, maxConcurrent };
    });

const stepsArbitrary = (maxMemoryBytes: number): fc.Arbitrary<readonly Step[]> => {
  const index = fc.nat({ max: 1000 });
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant("ask"), request: requestArbitrary(maxMemoryBytes) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("release"), index }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("abort"), index }) },
  );
  return fc.array(step, { minLength: 5, maxLength: 60 });
};

const optionsArbitrary = fc.record({
  concurrency: fc.integer({ min: 1, max: 4 }),
  memoryBytes: fc.integer({ min: 1, max: 12 }),
  maxQueued: fc.integer({ min: 0, max: 30 }),
});

function take(world: World, step: Step): void {
  if (step.do === "ask") {
    world.ask(step.request);
    return;
  }
  const jobs = world.in(step.do === "release" ? "held" : "waiting");
  const job = jobs[step.index % Math.max(jobs.length, 1)];
  if (job === undefined) return;
  if (step.do === "release") world.release(job);
  else job.controller.abort();
}

/** Whether a request that finds no slot may wait, told anew from all that wait. */
function mayWait(world: World, { maxQueued }: SlotsOptions, request: SlotRequest): boolean {
  if (request.isAccepted === true) return true;
  const counted = world.in("waiting").filter((job) => job.request.isAccepted !== true);
  const own = counted.filter((job) => job.request.callerId === request.callerId);
  const callers = new Set([...counted.map((job) => job.request.callerId), request.callerId]);
  return counted.length < maxQueued || own.length < maxQueued / callers.size;
}

function checkBounds(world: World, options: SlotsOptions): void {
  const held = world.in("held");
  const waiting = world.in("waiting");
  expect(held.length).toBeLessThanOrEqual(options.concurrency);
  if (held.length > 1) expect(memoryOf(held)).toBeLessThanOrEqual(options.memoryBytes);
  for (const callerId of callerIds) {
    const own = held.filter(({ request }) => request.callerId === callerId);
    expect(own.length).toBeLessThanOrEqual(maxConcurrentOf[callerId] ?? Infinity);
  }
  expect(world.slots.stats()).toMatchObject({
    running: held.length,
    waiting: waiting.length,
    heldMemoryBytes: memoryOf(held),
  });
  const counted = waiting.filter(({ request }) => request.isAccepted !== true).length;
  const { length } = callerIds;
  expect(counted).toBeLessThanOrEqual(options.maxQueued * (1 + Math.log(length)) + length);
  // Somebody runs where anybody waits.
  if (waiting.length > 0) expect(held.length).toBeGreaterThan(0);
}

test("no bound is passed, no slot is lost, and every wait ends", async () => {
  await fc.assert(
    fc.asyncProperty(optionsArbitrary, stepsArbitrary(14), async (options, steps) => {
      const world = new World(options);
      for (const step of steps) {
        const hasRoom = step.do === "ask" && mayWait(world, options, step.request);
        take(world, step);
        await settled();
        checkBounds(world, options);
        if (step.do !== "ask") continue;
        const { state } = world.jobs.at(-1) as Job;
        if (state.kind !== "held") expect(state.kind).toBe(hasRoom ? "waiting" : "ended");
      }
      await world.drain();
      expect(world.in("waiting")).toEqual([]);
      expect(world.slots.stats()).toEqual({
        running: 0,
        waiting: 0,
        heldMemoryBytes: 0,
        isWanted: false,
      });
      for (let count = 0; count < options.concurrency; count += 1) {
        world.ask({ callerId: "eve", memoryBytes: 0 });
      }
      await settled();
      expect(world.in("held")).toHaveLength(options.concurrency);
    }),
    { numRuns: 150 },
  );
});

test("no free slot is left to nobody while memory is enough", async () => {
  await fc.assert(
    fc.asyncProperty(optionsArbitrary, stepsArbitrary(1), async (bounds, steps) => {
      const options = { ...bounds, memoryBytes: 1000 };
      const world = new World(options);
      for (const step of steps) {
        take(world, step);
        await settled();
        if (world.in("held").length === options.concurrency) continue;
        for (const { request } of world.in("waiting")) {
          const own = world.in("held").filter((job) => job.request.callerId === request.callerId);
          expect(own).toHaveLength(maxConcurrentOf[request.callerId] ?? Infinity);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test("a caller's own are served by priority, then by arrival", async () => {
  await fc.assert(
    fc.asyncProperty(optionsArbitrary, stepsArbitrary(1), async (bounds, steps) => {
      const world = new World({ ...bounds, memoryBytes: 1000 });
      for (const step of steps) {
        const before = world.granted.length;
        take(world, step);
        await settled();
        // A step frees one slot at most, so that what it granted was the best that waited.
        for (const job of world.granted.slice(before)) {
          const better = world.in("waiting").filter(({ number, request }) => {
            const by = (request.priority ?? 0) - (job.request.priority ?? 0);
            return (
              request.callerId === job.request.callerId &&
              (by > 0 || (by === 0 && number < job.number))
            );
          });
          expect(better).toEqual([]);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test("a single job of one waits for at most one grant of each other caller", async () => {
  await fc.assert(
    fc.asyncProperty(optionsArbitrary, stepsArbitrary(14), async (options, steps) => {
      const world = new World({ ...options, maxQueued: 1000 });
      for (const step of steps.slice(0, steps.length / 2)) take(world, step);
      await settled();
      const before = world.granted.length;
      const single = world.ask({ callerId: "eve", memoryBytes: 3 });
      // Of slots that are granted together, those are heard of first that were waited for longer.
      await settled();
      for (const step of steps.slice(steps.length / 2)) {
        // Whoever gives up is not what is asked here, and might be the single one.
        if (step.do !== "abort") take(world, step);
        await settled();
      }
      await world.drain();
      const later = world.granted.slice(before);
      const overtakers = later.slice(0, later.indexOf(single)).map((job) => job.request.callerId);
      expect(new Set(overtakers).size).toBe(overtakers.length);
    }),
    { numRuns: 150 },
  );
});

test("thousands that wait delay another's single job by what runs now, and leave at once", async () => {
  const world = new World({ concurrency: 4, memoryBytes: 100, maxQueued: 10_000 });
  for (let count = 0; count < 10_000; count += 1) world.ask({ callerId: "ann", memoryBytes: 1 });
  await settled();
  const single = world.ask({ callerId: "bob", memoryBytes: 1 });
  world.release(world.jobs[0] as Job);
  await settled();
  expect(single.state.kind).toBe("held");
  for (const { controller } of world.jobs) controller.abort();
  await settled();
  expect(world.slots.stats()).toMatchObject({ running: 4, waiting: 0 });
});
