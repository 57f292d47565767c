/**
 * @module
 * When a request may be sent again, and after how long.
 */
import { GloveboxApiError } from "./api-error.ts";

/**
 * `anytime`: to send it twice is as good as once. `not-begun`: only where the server said that it did
 * nothing.
 */
export type Repeat = "anytime" | "not-begun";

/** Whatever was asked for, nothing of it was done. */
const notBegunCodes: readonly string[] = [
  "CAPACITY_EXHAUSTED",
  "RATE_LIMITED",
  "QUOTA_EXHAUSTED",
  "QUEUE_TIMEOUT",
];
/** They may pass: the server stops, its disk is full, a proxy has lost it. 0: no answer came. */
const passingStatuses: readonly number[] = [0, 408, 429, 502, 503, 504];

/** At most; half of it at least. */
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 10_000;
/** Who is told to come back tomorrow is told so, and does not wait here. */
const MAX_RETRY_AFTER_MS = 60_000;

export function mayRepeat(error: unknown, repeat: Repeat): error is GloveboxApiError {
  if (!(error instanceof GloveboxApiError)) return false;
  if ((error.retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS) return false;
  if (notBegunCodes.includes(error.code)) return true;
  return repeat === "anytime" && passingStatuses.includes(error.status);
}

/** @param attempt From 0. */
export function delayMs(attempt: number, retryAfterMs = 0): number {
  const longest = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
  // Clients that failed together must not come back together.
  return Math.max(retryAfterMs, longest * (0.5 + Math.random() / 2));
}

/** @throws The signal's reason. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
  });
  signal?.throwIfAborted();
}
