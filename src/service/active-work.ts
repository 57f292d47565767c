/**
 * @module
 * All that a service is doing, so that it can be stopped as a whole.
 */
import { setImmediate } from "node:timers/promises";

export class ActiveWork {
  /** What can't be told to end has no controller. */
  readonly #running = new Map<Promise<unknown>, AbortController | undefined>();
  #closedBy: Error | undefined;

  /**
   * Calls `work` with a signal that aborts with `signal` or with `close`.
   *
   * @throws The reason given to `close`, if it was called before; then `work` is not.
   */
  async track<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#closedBy !== undefined) throw this.#closedBy;
    const controller = new AbortController();
    // AbortSignal.any would be shorter, but in Node 20 each of its signals is kept alive by a
    // source that lives on, and here that source lives as long as the server.
    const forward = (): void => {
      controller.abort(signal.reason);
    };
    if (signal.aborted) forward();
    signal.addEventListener("abort", forward, { once: true });
    const running = work(controller.signal);
    this.#running.set(running, controller);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
      signal.removeEventListener("abort", forward);
    }
  }

  /** Makes `close` wait for `end`, which must not reject and takes no signal. @returns `end` */
  add(end: Promise<void>): Promise<void> {
    this.#running.set(end, undefined);
    void end.then(() => this.#running.delete(end));
    return end;
  }

  /** Begins `work`, which must not throw, once who waits for an answer has it. See `add`. */
  later(work: () => void | Promise<void>): Promise<void> {
    return this.add(setImmediate().then(work));
  }

  /** Aborts all work with `reason`, refuses new work with it, and waits for the end of the old. */
  async close(reason: Error): Promise<void> {
    this.#closedBy ??= reason;
    for (const controller of this.#running.values()) controller?.abort(this.#closedBy);
    // What ends may leave something to wait for.
    while (this.#running.size > 0) await Promise.allSettled(this.#running.keys());
  }
}
