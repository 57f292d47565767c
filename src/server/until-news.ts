/**
 * @module
 * How what is followed is waited for, by streams whose connections must be kept alive.
 */

/** Proxies close connections on which nothing comes for a minute. */
export const idleMs = 15_000;

/** @returns Whether nothing happened in the time. */
export async function untilNews(
  signal: AbortSignal,
  listen: (wake: () => void) => readonly ((() => void) | undefined)[],
): Promise<boolean> {
  if (signal.aborted) return false;
  return new Promise((resolve) => {
    const end = (isIdle: boolean): void => {
      clearTimeout(timer);
      for (const stop of stops) stop?.();
      signal.removeEventListener("abort", wake);
      resolve(isIdle);
    };
    const wake = (): void => {
      end(false);
    };
    const timer = setTimeout(end, idleMs, true);
    const stops = listen(wake);
    signal.addEventListener("abort", wake, { once: true });
  });
}
