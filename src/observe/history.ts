/**
 * @module
 * What the metrics had counted in the last hour, from time to time: for charts, and for what happened of
 * late. In memory, and gone with the process.
 */
import type { Distribution } from "./distribution.ts";
import type { Metrics } from "./metrics.ts";
import type { Totals } from "./totals.ts";

const SAMPLE_MS = 10_000;
const KEPT_MS = 3_600_000;

export interface Sample {
  /** Milliseconds since 1970. */
  readonly takenAtMs: number;
  /** Since the start of the history, by a clock that nobody sets. */
  readonly ageMs: number;
  readonly totals: Totals;
}

export interface History {
  readonly startedAtMs: number;
  /** The oldest first, and one of this moment at the end: at least two. */
  samples(): Promise<readonly [Sample, Sample, ...Sample[]]>;
  /** The newest sample that is at least so old, or else the oldest one, and one of this moment. */
  last(ms: number): Promise<{ readonly before: Sample; readonly now: Sample }>;
  /** Takes no more. Idempotent. */
  close(): void;
}

export interface HistoryOptions {
  /** Default: ten seconds. */
  readonly sampleMs?: number;
  /** How old samples become. Default: an hour. */
  readonly keptMs?: number;
}

const noTime: Distribution = { boundsMs: [], counts: [], sumMs: 0 };
const nothing: Totals = {
  running: 0,
  queued: 0,
  outcomes: {},
  refusals: {},
  queueWait: noTime,
  run: noTime,
};

/** To be called when nothing is counted yet. The caller closes it. */
export function startHistory(
  metrics: Pick<Metrics, "totals">,
  { sampleMs = SAMPLE_MS, keptMs = KEPT_MS }: HistoryOptions = {},
): History {
  const startedAtMs = Date.now();
  const started = performance.now();
  const first: Sample = { takenAtMs: startedAtMs, ageMs: 0, totals: nothing };
  const kept: Sample[] = [first];
  const take = async (): Promise<Sample> => {
    const totals = await metrics.totals();
    return { takenAtMs: Date.now(), ageMs: performance.now() - started, totals };
  };
  const keep = async (): Promise<void> => {
    kept.push(await take());
    // One more than there are intervals.
    if (kept.length > keptMs / sampleMs + 1) kept.shift();
  };
  // A sample that fails leaves an interval that is longer.
  const timer = setInterval(() => void keep().catch(() => undefined), sampleMs).unref();
  return {
    startedAtMs,
    samples: async () => {
      const [oldest = first, ...more] = kept;
      const now = await take();
      const [second, ...rest] = [...more, now];
      return [oldest, second, ...rest];
    },
    last: async (ms) => {
      const now = await take();
      const before = kept.findLast(({ ageMs }) => now.ageMs - ageMs >= ms) ?? kept[0] ?? first;
      return { before, now };
    },
    close: () => {
      clearInterval(timer);
    },
  };
}
