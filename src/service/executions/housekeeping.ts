/**
 * @module
 * Forgets executions that ended long ago, or that there is no room for, and programs behind links that
 * nobody opens.
 */
import type { Database } from "../../storage/database.ts";
import { forgetShares } from "../../storage/shares-store.ts";
import { prune } from "../../storage/prune.ts";

export interface Retention {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  /** Programs behind links that nobody opened for so long go. */
  readonly sharesMaxAgeMs: number;
}

export interface Housekeeping {
  /** Resolves when no step is going on any more. */
  close(): Promise<void>;
}

const PAUSE_MS = 10_000;
const STEP_EXECUTIONS = 500;
/** Between two steps others have their turn. */
const STEP_PAUSE_MS = 20;

/** @param onFault Called with what went wrong; the next step is tried all the same. */
export function keepHouse(
  database: Database,
  { maxAgeMs, maxBytes, sharesMaxAgeMs }: Retention,
  onFault: (error: unknown) => void,
): Housekeeping {
  let timer: NodeJS.Timeout | undefined;
  let step: Promise<void> = Promise.resolve();
  let isClosed = false;

  const wait = (ms: number): void => {
    if (isClosed) return;
    timer = setTimeout(() => {
      step = work();
    }, ms).unref();
  };
  const work = async (): Promise<void> => {
    try {
      const now = Date.now();
      const { hasMore } = await prune(database, {
        maxAgeMs,
        maxBytes,
        now,
        limit: STEP_EXECUTIONS,
      });
      const hasMoreShares = await forgetShares(database, now - sharesMaxAgeMs);
      wait(hasMore || hasMoreShares ? STEP_PAUSE_MS : PAUSE_MS);
    } catch (error) {
      onFault(error);
      wait(PAUSE_MS);
    }
  };
  wait(0);
  return {
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await step;
    },
  };
}
