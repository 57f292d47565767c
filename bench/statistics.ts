/**
 * @module
 * Medians and percentiles: one slow sample of a busy machine moves them little.
 */

/** @throws {Error} Where there is no value. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/**
 * The value that `percent` of 100 values don't exceed, between two of them by their distance.
 *
 * @param percent 0 to 100.
 * @throws {Error} Where there is no value.
 */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  if (below === undefined || above === undefined) throw new Error("no sample was taken");
  return below + (above - below) * (at - Math.floor(at));
}

/** What each round took longer with `left` than with `right`: both ran within it, side by side. */
export function differences(left: readonly number[], right: readonly number[]): readonly number[] {
  if (left.length !== right.length) throw new Error("one of two that are compared ran less often");
  return left.map((value, index) => value - (right[index] ?? Number.NaN));
}
