/**
 * @module
 * Patience with a role that was made a moment ago: other services of AWS come to know it within seconds.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { errorNameOf } from "../failures.ts";

const PATIENCE_MS = 60_000;
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 5_000;

const isNotKnownYet = (error: unknown): boolean =>
  /^(AccessDenied|Validation|InvalidArn)/.test(errorNameOf(error)) &&
  /\brole\b/i.test((error as Error).message) &&
  /assume|not exist|not authorized to (access|perform) .*role|trust/i.test(
    (error as Error).message,
  );

/** @throws What `attempt` throws at last. */
export async function untilAssumed<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isNotKnownYet(error) || performance.now() + pauseMs > deadline) throw error;
      await sleep(pauseMs, undefined, { signal });
    }
  }
}
