import { expect } from "vitest";

const STILL_MS = 400;
const TIMEOUT_MS = 20_000;

/** Waits until a count has begun to grow, and then has stopped for a while. @returns It. */
export async function untilStill(count: () => number): Promise<number> {
  let last = 0;
  let sinceMs = Infinity;
  const isStill = (): boolean => {
    const now = count();
    if (now !== last) sinceMs = performance.now();
    last = now;
    return performance.now() - sinceMs > STILL_MS;
  };
  await expect.poll(isStill, { timeout: TIMEOUT_MS, interval: 20 }).toBe(true);
  return last;
}
