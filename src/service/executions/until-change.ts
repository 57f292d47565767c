/**
 * @module
 * Waiting for an execution.
 */
import { maxTimerMs } from "../../util/max-timer-ms.ts";
import type { LiveExecution } from "./live-execution.ts";

/** Resolves at the next change of `live`, or after the time. */
export async function untilChange(
  live: LiveExecution | undefined,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      stopListening?.();
      signal.removeEventListener("abort", onAbort);
      resolve();
    };
    const onAbort = (): void => {
      end();
      reject(signal.reason as Error);
    };
    const timer = setTimeout(end, Math.min(timeoutMs, maxTimerMs));
    const stopListening = live?.onState(end);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
