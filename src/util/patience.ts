/**
 * @module
 * Waiting for somebody who may take what there is slowly, but not for ever.
 */
import { maxTimerMs } from "./max-timer-ms.ts";

/** How long somebody is waited for, all waits together; those at the same time count once. */
export class Patience {
  #leftMs: number;
  #waiting = 0;
  #sinceMs = 0;

  constructor(ms: number) {
    this.#leftMs = ms;
  }

  /** @returns False where the time was over before. @throws What `promise` rejects with before that. */
  async waitFor(promise: Promise<void>): Promise<boolean> {
    const nowMs = performance.now();
    if (this.#waiting === 0) this.#sinceMs = nowMs;
    const leftMs = this.#leftMs - (nowMs - this.#sinceMs);
    if (leftMs <= 0) return false;
    this.#waiting += 1;
    let timer: NodeJS.Timeout | undefined;
    const isOver = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, Math.min(leftMs, maxTimerMs), false);
    });
    try {
      return await Promise.race([promise.then(() => true), isOver]);
    } finally {
      clearTimeout(timer);
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#leftMs -= performance.now() - this.#sinceMs;
    }
  }
}
