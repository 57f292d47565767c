/**
 * @module
 * How many sandboxes there are at the same time, and who waits for one.
 */
import { GloveboxError } from "../core/errors.ts";

export interface SlotsOptions {
  /** Slots that can be held at the same time, at least 1. */
  readonly concurrency: number;
  /** Callers that may wait; 0 means that a caller who finds no free slot is refused at once. */
  readonly maxQueued: number;
}

export interface Slot {
  /** Hands the slot to the one who has waited longest. Idempotent. */
  release(): void;
  /** From now on `release` takes effect only once `end` has resolved, too, and all that came before. */
  keepUntil(end: Promise<void>): void;
}

export interface Slots {
  /**
   * Resolves with a slot, in the order of the calls.
   *
   * @throws {GloveboxError} `CAPACITY_EXHAUSTED` if all slots are held and the queue is full.
   * @throws The reason of `signal`, if it aborts first: the caller leaves the queue.
   */
  acquire(signal: AbortSignal): Promise<Slot>;
}

export function createSlots({ concurrency, maxQueued }: SlotsOptions): Slots {
  let held = 0;
  // A set keeps the order of arrival and lets one leave from the middle.
  const waiting = new Set<(slot: Slot) => void>();

  const createSlot = (): Slot => {
    let isHeld = true;
    let end: Promise<void> | undefined;
    return {
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        if (end === undefined) handOver();
        else void end.then(handOver);
      },
      keepUntil: (awaited) => {
        end = end === undefined ? awaited : Promise.all([end, awaited]).then(() => undefined);
      },
    };
  };

  const handOver = (): void => {
    const [next] = waiting;
    if (next === undefined) {
      held -= 1;
      return;
    }
    waiting.delete(next);
    next(createSlot());
  };

  const wait = (signal: AbortSignal): Promise<Slot> =>
    new Promise((resolve, reject) => {
      const onAbort = (): void => {
        waiting.delete(onSlot);
        reject(signal.reason as Error);
      };
      const onSlot = (slot: Slot): void => {
        signal.removeEventListener("abort", onAbort);
        resolve(slot);
      };
      waiting.add(onSlot);
      signal.addEventListener("abort", onAbort, { once: true });
    });

  return {
    acquire: async (signal) => {
      signal.throwIfAborted();
      if (held < concurrency) {
        held += 1;
        return createSlot();
      }
      if (waiting.size >= maxQueued) throw queueFull(concurrency, maxQueued);
      return wait(signal);
    },
  };
}

function queueFull(concurrency: number, maxQueued: number): GloveboxError<"CAPACITY_EXHAUSTED"> {
  return new GloveboxError(
    "CAPACITY_EXHAUSTED",
    `all ${concurrency} slots are taken and ${maxQueued} executions wait already. Try again later.`,
    { limit: concurrency + maxQueued },
  );
}
