/**
 * @module
 * What was counted between two samples, as JSON has it.
 */
import type { z } from "zod";
import { countOf, quantile, since, type Distribution } from "../../observe/distribution.ts";
import type { Sample } from "../../observe/history.ts";
import type { Counts } from "../../observe/totals.ts";
import type { historySchema, overviewSchema } from "./schemas.ts";

type OverviewJson = z.output<typeof overviewSchema>;
type SampleJson = z.output<typeof historySchema>["samples"][number];

export interface Span {
  readonly before: Sample;
  readonly now: Sample;
}

export function countsToJson({
  before,
  now,
}: Span): Pick<OverviewJson, "recent_ms" | "outcomes" | "refusals" | "latency"> {
  const [then, totals] = [before.totals, now.totals];
  return {
    recent_ms: Math.round(now.ageMs - before.ageMs),
    outcomes: { total: added({}, totals.outcomes), recent: added(then.outcomes, totals.outcomes) },
    refusals: { total: added({}, totals.refusals), recent: added(then.refusals, totals.refusals) },
    latency: {
      queue_wait: latencyToJson(since(then.queueWait, totals.queueWait)),
      run: latencyToJson(since(then.run, totals.run)),
    },
  };
}

export function sampleToJson({ before, now }: Span): SampleJson {
  const { running, queued, outcomes, refusals, run } = now.totals;
  const runs = since(before.totals.run, run);
  const refused = Object.values(added(before.totals.refusals, refusals));
  return {
    at: new Date(now.takenAtMs).toISOString(),
    span_ms: Math.round(now.ageMs - before.ageMs),
    running,
    queued,
    outcomes: added(before.totals.outcomes, outcomes),
    refused: refused.reduce((sum, count) => sum + count, 0),
    run_p50_ms: percentile(runs, 50),
    run_p95_ms: percentile(runs, 95),
  };
}

/** Without what did not grow. */
function added(before: Counts, now: Counts): Record<string, number> {
  const grown = Object.entries(now).map(
    ([name, count = 0]) => [name, count - (before[name] ?? 0)] as const,
  );
  return Object.fromEntries(grown.filter(([, count]) => count > 0));
}

function latencyToJson(distribution: Distribution): OverviewJson["latency"]["run"] {
  const { boundsMs, counts } = distribution;
  return {
    count: countOf(distribution),
    p50_ms: percentile(distribution, 50),
    p95_ms: percentile(distribution, 95),
    p99_ms: percentile(distribution, 99),
    buckets: counts.map((count, at) => ({ up_to_ms: boundsMs[at] ?? null, count })),
  };
}

/** No more digits than a guess has. */
function percentile(distribution: Distribution, percent: number): number | null {
  const found = quantile(distribution, percent / 100);
  return found === undefined ? null : Number(found.toPrecision(3));
}
