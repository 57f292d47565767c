/**
 * @module
 * What a bench is and what it answers.
 */

export interface BenchOptions {
  /** `quick`: fewer rounds, for somebody who waits; its figures are rougher. */
  readonly effort: "full" | "quick";
  /** An empty folder, removed afterwards. */
  readonly folder: string;
  /** Says what is being done, for people. */
  readonly progress: (text: string) => void;
}

export interface Bench {
  /** As `--only` and SPECIFICATION.md name it. */
  readonly name: string;
  readonly about: string;
  /** `context`: none of its rows has a bound. */
  readonly kind: "promise" | "context";
  /** Leaves nothing behind, and ends by itself: every wait has a bound. */
  run(options: BenchOptions): Promise<readonly Row[]>;
}

/** `less`: the value must be below; `most`: it may be as much; `least`: it must be as much. */
export interface Bound {
  readonly kind: "less" | "most" | "least";
  readonly value: number;
}

/** What a chart draws of a row; not in the table. */
export interface ChartPoint {
  /** `latency`: ms. `throughput`: runs/s by how many at a time. `queue`: ms by how many wait. */
  readonly chart: "latency" | "throughput" | "queue";
  /** What is compared: a program. */
  readonly group: string;
  /** Who runs it, in the words of the legend. */
  readonly series: string;
  /** Where on the horizontal axis; of `latency` there is none. */
  readonly at?: number;
  /** Of `latency`, in ms. */
  readonly spread?: { readonly p10: number; readonly p50: number; readonly p99: number };
}

export type Unit = "ms" | "MB" | "times" | "runs/s" | "MB/s" | "count";

/** One number. Without a bound it is context: it explains, and promises nothing. */
export type Row =
  | {
      readonly name: string;
      readonly value: number;
      readonly unit: Unit;
      readonly bound?: Bound;
      /** From what it was computed, in one line. */
      readonly how: string;
      readonly point?: ChartPoint;
    }
  | {
      readonly name: string;
      /** Why this host can't measure it. */
      readonly skipped: string;
    };

export type Verdict = "ok" | "over" | "context" | "skipped";

export function verdictOf(row: Row): Verdict {
  if ("skipped" in row) return "skipped";
  if (row.bound === undefined) return "context";
  const { kind, value } = row.bound;
  const holds = { less: row.value < value, most: row.value <= value, least: row.value >= value };
  return holds[kind] ? "ok" : "over";
}
