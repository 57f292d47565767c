/**
 * @module
 * One timer for any number of deadlines.
 */
import { maxTimerMs } from "../../util/max-timer-ms.ts";
import { Heap } from "./heap.ts";

interface Expiring {
  /** On the clock that `Deadlines` was given, in ms. */
  readonly deadlineMs: number;
}

/** Its timer lives as long as there are items. */
export class Deadlines<T extends Expiring> {
  readonly #items = new Heap<T>((a, b) => a.deadlineMs < b.deadlineMs);
  readonly #now: () => number;
  readonly #onExpired: (item: T) => void;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires; Infinity where there is none. */
  #firesAtMs = Infinity;

  /**
   * @param now In ms, never backwards.
   * @param onExpired Called once for each item, after it was taken out.
   */
  constructor(now: () => number, onExpired: (item: T) => void) {
    this.#now = now;
    this.#onExpired = onExpired;
  }

  add(item: T): void {
    this.#items.put(item);
    this.#arm();
  }

  /** Without effect where the item is not in it. */
  delete(item: T): void {
    this.#items.delete(item);
    // A timer that is too early costs less than one that is set anew for each item that leaves.
    if (this.#items.size === 0) this.#disarm();
  }

  #arm(): void {
    const first = this.#items.first;
    if (first === undefined || first.deadlineMs >= this.#firesAtMs) return;
    this.#disarm();
    const delayMs = Math.ceil(first.deadlineMs - this.#now());
    this.#firesAtMs = first.deadlineMs;
    this.#timer = setTimeout(
      () => {
        this.#expire();
      },
      Math.min(Math.max(delayMs, 1), maxTimerMs),
    );
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#firesAtMs = Infinity;
  }

  #expire(): void {
    this.#disarm();
    const now = this.#now();
    for (;;) {
      const first = this.#items.first;
      if (first === undefined || first.deadlineMs > now) break;
      this.#items.delete(first);
      this.#onExpired(first);
    }
    this.#arm();
  }
}
