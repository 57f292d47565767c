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

/** `less`: the value must be below; `most`: it may be as much. */
export interface Bound {
  readonly kind: "less" | "most";
  readonly value: number;
}

export type Unit = "ms" | "MB" | "times" | "runs/s" | "count";

/** One number. Without a bound it is context: it explains, and promises nothing. */
export type Row =
  | {
      readonly name: string;
      readonly value: number;
      readonly unit: Unit;
      readonly bound?: Bound;
      /** From what it was computed, in one line. */
      readonly how: string;
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
  const holds = kind === "less" ? row.value < value : row.value <= value;
  return holds ? "ok" : "over";
}
