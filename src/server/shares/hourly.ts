/**
 * @module
 * How many shares somebody may make in an hour.
 */

const HOUR_MS = 3_600_000;
/** Of callers that are remembered; beyond it those go that came first. */
const MAX_CALLERS = 10_000;

export interface HourlyBound {
  /** Counts one. @returns Milliseconds until the next is possible, where it is one too many. */
  take(caller: string): number | undefined;
}

/** @param nowMs Of a clock that is never set. */
export function createHourlyBound(most: number, nowMs = () => performance.now()): HourlyBound {
  const windows = new Map<string, { readonly startedAtMs: number; taken: number }>();
  return {
    take: (caller) => {
      const now = nowMs();
      const current = windows.get(caller);
      if (current === undefined || now - current.startedAtMs >= HOUR_MS) {
        windows.delete(caller);
        windows.set(caller, { startedAtMs: now, taken: 1 });
        if (windows.size > MAX_CALLERS) windows.delete(windows.keys().next().value ?? "");
        return most < 1 ? HOUR_MS : undefined;
      }
      if (current.taken >= most) return HOUR_MS - (now - current.startedAtMs);
      current.taken += 1;
      return undefined;
    },
  };
}
