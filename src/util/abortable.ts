/**
 * @module
 * Waiting that can be given up.
 */

/**
 * Waits for `promise`, which goes on without the caller if `signal` aborts.
 *
 * @throws The reason of `signal`.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    const stopListening = (): void => {
      signal.removeEventListener("abort", onAbort);
    };
    promise.then(resolve, reject).then(stopListening, stopListening);
  });
}
