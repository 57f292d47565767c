/**
 * @module
 * Reports of a trouble that lasts: the first at once, then one in a while.
 */

export interface SeldomReport {
  /** What happened, for people. */
  readonly message: string;
  /** How often it happened since the report before, this one included. At least 1. */
  readonly count: number;
}

const INTERVAL_MS = 60_000;

/**
 * @param now A clock that does not jump, in ms.
 * @returns Calls `report` unless it did so in the last minute; what comes between is only counted.
 */
export function reportSeldom(
  report: (trouble: SeldomReport) => void,
  now: () => number = () => performance.now(),
): (message: string) => void {
  let reportedAt = -Infinity;
  let count = 0;
  return (message) => {
    count += 1;
    if (now() - reportedAt < INTERVAL_MS) return;
    reportedAt = now();
    report({ message, count });
    count = 0;
  };
}
