/**
 * @module
 * Lets so many through at the same time, in the order of their coming.
 */

/**
 * Resolves with what lets the next one through; idempotent.
 *
 * @throws The reason of `signal`.
 */
export type Gate = (signal: AbortSignal) => Promise<() => void>;

/** @param width At least 1. */
export function createGate(width: number): Gate {
  let inside = 0;
  // A set keeps the order, and lets one leave from the middle.
  const waiting = new Set<() => void>();
  const leave = (): void => {
    inside -= 1;
    const [next] = waiting;
    next?.();
  };
  const enter = (): (() => void) => {
    inside += 1;
    let isInside = true;
    return () => {
      if (isInside) leave();
      isInside = false;
    };
  };
  return async (signal) => {
    signal.throwIfAborted();
    if (inside < width) return enter();
    return new Promise((resolve, reject) => {
      const stopWaiting = (): void => {
        waiting.delete(next);
        signal.removeEventListener("abort", abandon);
      };
      const next = (): void => {
        stopWaiting();
        resolve(enter());
      };
      const abandon = (): void => {
        stopWaiting();
        reject(signal.reason as Error);
      };
      waiting.add(next);
      signal.addEventListener("abort", abandon, { once: true });
    });
  };
}
