/**
 * @module
 * The same text for all who follow it, made anew from time to time while somebody does.
 */
import { setTimeout as sleep } from "node:timers/promises";

export interface Ticks {
  /** At once, and then after each interval, until `signal` aborts. Who does not read costs nothing. */
  follow(signal: AbortSignal): AsyncGenerator<string, void, void>;
}

/** @param make Called at most twice an interval, however many follow. */
export function createTicks(make: () => Promise<string>, everyMs: number): Ticks {
  let latest: { readonly text: Promise<string>; readonly atMs: number } | undefined;
  const shared = (): Promise<string> => {
    const nowMs = performance.now();
    if (latest === undefined || nowMs - latest.atMs >= everyMs / 2)
      latest = { text: make(), atMs: nowMs };
    return latest.text;
  };
  return {
    follow: async function* (signal) {
      while (!signal.aborted) {
        yield await shared();
        // Its abort ends the stream like any other end.
        await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}
