/**
 * @module
 * How long things took, as histograms count them: what is between two counts, and which time so many
 * of them stayed below.
 */

export interface Distribution {
  /** Upper ends of the buckets in ms, rising. */
  readonly boundsMs: readonly number[];
  /** Of each bucket what fell into it alone; one more at the end, for what took longer. */
  readonly counts: readonly number[];
  readonly sumMs: number;
}

export const countOf = ({ counts }: Distribution): number =>
  counts.reduce((sum, count) => sum + count, 0);

/** What came to it since `before`, an older one of the same series. */
export function since(before: Distribution, now: Distribution): Distribution {
  return {
    boundsMs: now.boundsMs,
    counts: now.counts.map((count, at) => count - (before.counts[at] ?? 0)),
    sumMs: now.sumMs - before.sumMs,
  };
}

/**
 * The time in ms that this share of them took at most, as Prometheus' `histogram_quantile` guesses it:
 * evenly spread within a bucket, and the last bound for what is above all. Undefined of none.
 */
export function quantile(distribution: Distribution, share: number): number | undefined {
  const { boundsMs, counts } = distribution;
  const total = countOf(distribution);
  if (total === 0) return undefined;
  const rank = share * total;
  let below = 0;
  let lowerMs = 0;
  for (const [at, upperMs] of boundsMs.entries()) {
    const count = counts[at] ?? 0;
    if (count > 0 && below + count >= rank)
      return lowerMs + (upperMs - lowerMs) * ((rank - below) / count);
    below += count;
    lowerMs = upperMs;
  }
  return boundsMs.at(-1);
}
