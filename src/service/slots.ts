/**
 * @module
 * How many sandboxes there are at the same time, and who waits for one.
 */
import { GloveboxError } from "../core/errors.ts";
import { formatDurationMs } from "../util/duration.ts";
import { Deadlines } from "./scheduling/deadlines.ts";
import { FairQueue } from "./scheduling/fair-queue.ts";
import type { CallerShare, Place } from "./scheduling/fair-queue.ts";

export interface SlotsOptions {
  /** Slots that can be held at the same time, at least 1. */
  readonly concurrency: number;
  /** What those who hold slots may use together, in bytes. One who is alone may always use more. */
  readonly memoryBytes: number;
  /**
   * Requests that may wait, accepted ones apart; 0 means that who finds no free slot is refused at
   * once. Where one caller has taken all places, another may still have its even share: see
   * `FairShare`, which says how many there can be at most.
   */
  readonly maxQueued: number;
  /** The time in ms, never backwards. Absent: that of the process. */
  readonly now?: () => number;
}

export interface SlotRequest {
  /** Fairness is between callers. */
  readonly callerId: string;
  /** Its slot comes only while its caller holds fewer than this, at least 1. Absent: no bound. */
  readonly maxConcurrent?: number;
  /** -10..10, higher first, only among one caller's own. Absent: 0. */
  readonly priority?: number;
  readonly memoryBytes: number;
  /** How long it may wait. Absent: for ever. */
  readonly queueTimeoutMs?: number;
  /** Accepted before: never refused for a full queue, in which it takes no room. */
  readonly isAccepted?: boolean;
}

export interface Slot {
  /** Time from the request to the slot. */
  readonly waitedMs: number;
  /** Hands the slot to the one whose turn it is. Idempotent. */
  release(): void;
  /** From now on `release` takes effect only once `end` has resolved, too, and all that came before. */
  keepUntil(end: Promise<void>): void;
}

export interface SlotStats {
  /** Slots held, those included that are kept after their release. */
  readonly running: number;
  /** Requests, accepted ones included. */
  readonly waiting: number;
  readonly heldMemoryBytes: number;
  /** Whether somebody would run if another gave its slot back: who has all that its key allows would not. */
  readonly isWanted: boolean;
}

export interface SlotShares {
  /** Of the request that waits longest; 0 where none does. */
  readonly oldestWaitMs: number;
  /** Of all callers that have a slot or wait for one, in no order. */
  readonly callers: readonly CallerShare[];
}

export interface Slots {
  /**
   * Resolves with a slot. A free one goes to the caller that holds the fewest, then to the one served
   * longest ago; within a caller by priority, then by arrival. Who is chosen so, and for whom there is
   * too little memory, is waited for: nobody overtakes it.
   *
   * @throws {GloveboxError} `CAPACITY_EXHAUSTED` if none is free and the queue is full,
   * `QUEUE_TIMEOUT` if none came free in time.
   * @throws The reason of `signal`, if it aborts first: the request leaves the queue.
   */
  acquire(request: SlotRequest, signal: AbortSignal): Promise<Slot>;
  stats(): SlotStats;
  /** Takes longer the more callers there are, however much waits. */
  shares(): SlotShares;
  /**
   * After how long it is worth to try again, in whole seconds of 1 s to 60 s: from how long slots
   * were held of late, and how many requests wait for one.
   */
  retryAfterMs(): number;
}

export function createSlots(options: SlotsOptions): Slots {
  return new FairSlots(options);
}

const MIN_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;
/** Of the newest in the mean of how long slots are held: about the last twenty count. */
const MEAN_WEIGHT = 0.1;

interface Waiter extends Place {
  readonly request: SlotRequest;
  readonly arrivedMs: number;
  /** Infinity where it may wait for ever. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
  readonly resolve: (slot: Slot) => void;
  readonly reject: (reason: unknown) => void;
}

class FairSlots implements Slots {
  readonly #options: SlotsOptions;
  readonly #now: () => number;
  readonly #queue: FairQueue<Waiter>;
  readonly #deadlines: Deadlines<Waiter>;
  #running = 0;
  #heldMemoryBytes = 0;
  #arrivals = 0;
  /** Whose turn it is, and for whom there is too little memory yet. */
  #chosen: Waiter | undefined;
  #meanHeldMs: number | undefined;

  constructor(options: SlotsOptions) {
    this.#options = options;
    this.#queue = new FairQueue(options.maxQueued);
    this.#now = options.now ?? (() => performance.now());
    this.#deadlines = new Deadlines(this.#now, (waiter) => {
      this.#refuse(waiter, (retryAfterMs) => queueTimeout(waiter.request, retryAfterMs));
    });
  }

  async acquire(request: SlotRequest, signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted();
    const isAccepted = request.isAccepted === true;
    const hasRoom = isAccepted || this.#queue.hasRoom(request.callerId);
    return new Promise((resolve, reject) => {
      const waiter = this.#createWaiter(request, signal, { resolve, reject });
      // Also who need not wait goes through the queue: it alone knows whose turn it is.
      this.#queue.add(waiter);
      this.#dispatch();
      if (!this.#queue.has(waiter)) return;
      if (hasRoom) this.#listen(waiter);
      else this.#refuse(waiter, (retryAfterMs) => this.#queueFull(retryAfterMs));
    });
  }

  stats(): SlotStats {
    return {
      running: this.#running,
      waiting: this.#queue.waiting,
      heldMemoryBytes: this.#heldMemoryBytes,
      isWanted: this.#chosen !== undefined || this.#queue.next !== undefined,
    };
  }

  shares(): SlotShares {
    const { oldest } = this.#queue;
    const oldestWaitMs = oldest === undefined ? 0 : this.#now() - oldest.arrivedMs;
    return { oldestWaitMs, callers: this.#queue.shares() };
  }

  retryAfterMs(): number {
    // Where memory is short, fewer run than there are slots.
    const rounds = (this.#queue.waiting + 1) / Math.max(this.#running, 1);
    const ms = Math.ceil((rounds * (this.#meanHeldMs ?? MIN_RETRY_MS)) / 1000) * 1000;
    return Math.min(Math.max(ms, MIN_RETRY_MS), MAX_RETRY_MS);
  }

  #createWaiter(
    request: SlotRequest,
    signal: AbortSignal,
    settle: Pick<Waiter, "resolve" | "reject">,
  ): Waiter {
    const arrivedMs = this.#now();
    const waiter: Waiter = {
      request,
      callerId: request.callerId,
      priority: request.priority ?? 0,
      maxConcurrent: request.maxConcurrent ?? Infinity,
      arrival: (this.#arrivals += 1),
      isCounted: request.isAccepted !== true,
      arrivedMs,
      deadlineMs: arrivedMs + (request.queueTimeoutMs ?? Infinity),
      signal,
      onAbort: () => {
        this.#leave(waiter);
        waiter.reject(signal.reason);
      },
      ...settle,
    };
    return waiter;
  }

  #listen(waiter: Waiter): void {
    waiter.signal.addEventListener("abort", waiter.onAbort, { once: true });
    if (waiter.deadlineMs !== Infinity) this.#deadlines.add(waiter);
  }

  #stopListening(waiter: Waiter): void {
    waiter.signal.removeEventListener("abort", waiter.onAbort);
    this.#deadlines.delete(waiter);
  }

  #dispatch(): void {
    while (this.#running < this.#options.concurrency) {
      this.#chosen ??= this.#queue.next;
      if (this.#chosen === undefined || !this.#fits(this.#chosen.request)) return;
      const waiter = this.#chosen;
      this.#chosen = undefined;
      this.#stopListening(waiter);
      this.#queue.serve(waiter);
      waiter.resolve(this.#createSlot(waiter));
    }
  }

  #fits({ memoryBytes }: SlotRequest): boolean {
    return this.#running === 0 || this.#heldMemoryBytes + memoryBytes <= this.#options.memoryBytes;
  }

  #createSlot({ request, arrivedMs }: Waiter): Slot {
    const sinceMs = this.#now();
    this.#running += 1;
    this.#heldMemoryBytes += request.memoryBytes;
    const free = (): void => {
      this.#free(request, this.#now() - sinceMs);
    };
    let isHeld = true;
    let end: Promise<void> | undefined;
    return {
      waitedMs: sinceMs - arrivedMs,
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        if (end === undefined) free();
        else void end.then(free);
      },
      keepUntil: (awaited) => {
        end = end === undefined ? awaited : Promise.all([end, awaited]).then(() => undefined);
      },
    };
  }

  #free({ callerId, memoryBytes }: SlotRequest, heldMs: number): void {
    this.#running -= 1;
    this.#heldMemoryBytes -= memoryBytes;
    this.#meanHeldMs ??= heldMs;
    this.#meanHeldMs += (heldMs - this.#meanHeldMs) * MEAN_WEIGHT;
    this.#queue.release(callerId);
    this.#dispatch();
  }

  /** Without a slot; what the waiter kept from others may be free now. */
  #leave(waiter: Waiter): void {
    this.#stopListening(waiter);
    this.#queue.remove(waiter);
    if (this.#chosen === waiter) this.#chosen = undefined;
    this.#dispatch();
  }

  #refuse(waiter: Waiter, createError: (retryAfterMs: number) => GloveboxError): void {
    this.#leave(waiter);
    waiter.reject(createError(this.retryAfterMs()));
  }

  #queueFull(retryAfterMs: number): GloveboxError<"CAPACITY_EXHAUSTED"> {
    const { concurrency, maxQueued } = this.#options;
    return new GloveboxError(
      "CAPACITY_EXHAUSTED",
      `the queue is full: ${this.#running} executions run and ${this.#queue.waiting} wait. ` +
        `Try again in ${formatDurationMs(retryAfterMs)}.`,
      { limit: concurrency + maxQueued, retryAfterMs },
    );
  }
}

function queueTimeout(
  { queueTimeoutMs = 0 }: SlotRequest,
  retryAfterMs: number,
): GloveboxError<"QUEUE_TIMEOUT"> {
  return new GloveboxError(
    "QUEUE_TIMEOUT",
    `no slot came free in ${formatDurationMs(queueTimeoutMs)}, and nothing was run. ` +
      `Try again in ${formatDurationMs(retryAfterMs)}.`,
    { timeoutMs: queueTimeoutMs, retryAfterMs },
  );
}
