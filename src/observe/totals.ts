/**
 * @module
 * What the metrics have counted since the start, added up over languages: for whoever looks at a server
 * without a Prometheus.
 */
import type { Counter, Gauge, Histogram } from "prom-client";
import type { Distribution } from "./distribution.ts";
import type { OutcomeLabel } from "./outcome-label.ts";

export type Counts<Name extends string = string> = Readonly<Partial<Record<Name, number>>>;

export interface Totals {
  /** Slots that are taken, and executions that wait for one, now. */
  readonly running: number;
  readonly queued: number;
  /** Executions by how their last phase ended; what has none is absent. */
  readonly outcomes: Counts<OutcomeLabel>;
  /** Requests and executions by the code of the error that they ended with. */
  readonly refusals: Counts;
  readonly queueWait: Distribution;
  /** Wall time of programs, without their compilers. */
  readonly run: Distribution;
}

export interface TotalsSeries {
  readonly executions: Counter<"language" | "outcome" | "phase">;
  readonly executionSeconds: Histogram<"language" | "phase">;
  readonly queueWait: Histogram;
  readonly refused: Counter<"code">;
  /** Undefined where nobody gave a reading. */
  readonly slotsRunning: Gauge | undefined;
  readonly queueWaiting: Gauge | undefined;
}

/** Takes as long as there are series: some thousands at most. */
export async function readTotals(series: TotalsSeries): Promise<Totals> {
  return {
    running: await readGauge(series.slotsRunning),
    queued: await readGauge(series.queueWaiting),
    outcomes: await readOutcomes(series.executions),
    refusals: addUp((await series.refused.get()).values, ({ code }) => code),
    queueWait: await readHistogram(series.queueWait, () => true),
    run: await readHistogram(series.executionSeconds, ({ phase }) => phase === "run"),
  };
}

type Labels = Readonly<Partial<Record<string, string | number>>>;

interface Value {
  readonly value: number;
  readonly labels: Labels;
  /** Of a histogram: its name, and what this is of it. */
  readonly metricName?: string;
}

async function readGauge(gauge: Gauge | undefined): Promise<number> {
  return (await gauge?.get())?.values[0]?.value ?? 0;
}

/** A compiler that ended well was followed by the program. */
async function readOutcomes(executions: TotalsSeries["executions"]): Promise<Counts<OutcomeLabel>> {
  const last = (await executions.get()).values.filter(
    ({ labels: { phase, outcome } }) => phase === "run" || outcome !== "exited_zero",
  );
  return addUp(last, ({ outcome }) => outcome);
}

function addUp(
  values: readonly Value[],
  nameOf: (labels: Labels) => string | number | undefined,
): Counts {
  const counts = new Map<string, number>();
  for (const { value, labels } of values) {
    const name = String(nameOf(labels));
    counts.set(name, (counts.get(name) ?? 0) + value);
  }
  return Object.fromEntries(counts);
}

/** Its buckets count all that is below their bound, in seconds; of ours each counts its own. */
async function readHistogram(
  histogram: Histogram<"language" | "phase">,
  isWanted: (labels: Labels) => boolean,
): Promise<Distribution> {
  const { values }: { readonly values: readonly Value[] } = await histogram.get();
  const below = new Map<number, number>();
  let sumMs = 0;
  for (const { value, labels, metricName = "" } of values) {
    if (!isWanted(labels)) continue;
    if (metricName.endsWith("_sum")) sumMs += value * 1000;
    if (!metricName.endsWith("_bucket")) continue;
    const bound = labels["le"] === "+Inf" ? Infinity : Number(labels["le"]);
    below.set(bound, (below.get(bound) ?? 0) + value);
  }
  const bounds = [...below.keys()].sort((a, b) => a - b);
  const counts = bounds.map(
    (bound, at) => (below.get(bound) ?? 0) - (below.get(bounds[at - 1] ?? NaN) ?? 0),
  );
  const boundsMs = bounds.filter(Number.isFinite).map((bound) => bound * 1000);
  return { boundsMs, counts, sumMs };
}
