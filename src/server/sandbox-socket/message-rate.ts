/**
 * @module
 * How many signals and sizes a client may send at once: each goes on to the sandbox, and nobody takes
 * them slower than they come.
 */

/** Of one second. Somebody who drags a window's edge sends sixty. */
const MAX_MESSAGES = 2_000;
const SPAN_MS = 1_000;

/** @returns Asked once for each message: whether it is one too many. */
export function createMessageRate(): () => boolean {
  let sinceMs = 0;
  let count = 0;
  return () => {
    const nowMs = performance.now();
    if (nowMs - sinceMs > SPAN_MS) {
      sinceMs = nowMs;
      count = 0;
    }
    count += 1;
    return count > MAX_MESSAGES;
  };
}
