/**
 * @module
 * How a program ended, as the seeds tell it: one pair of streams and one outcome, the compiler's where
 * the program did not come to run.
 */
import { constants } from "node:os";
import { describeOutcome, exitCodeOf, type Outcome } from "../../../core/outcome.ts";
import type { CollectedExecution } from "../../../service/collect.ts";

export interface ProgramEnd {
  readonly phase: "compile" | "run";
  readonly outcome: Outcome;
  /** As a shell or docker has it: 128 and the signal, 124 for time, 137 for memory. */
  readonly exitCode: number;
  /** Bytes that are no UTF-8 are replaced, as there. */
  readonly stdout: string;
  readonly stderr: string;
  /** Both, in order of arrival. */
  readonly output: string;
  readonly wallTimeMs: number;
}

export function endOf({ report, output }: CollectedExecution): ProgramEnd {
  const phase = report.run === null ? "compile" : "run";
  const execution = report.run ?? report.compile;
  const bytes = output[phase];
  const outcome: Outcome = execution?.outcome ?? { kind: "canceled" };
  return {
    phase,
    outcome,
    exitCode: exitCodeOf(outcome, (signal) => constants.signals[signal]),
    stdout: bytes.stdout.toString("utf8"),
    stderr: bytes.stderr.toString("utf8"),
    output: bytes.output.toString("utf8"),
    wallTimeMs: execution?.usage.wallTimeMs ?? 0,
  };
}

/** Whether it had no time left: by the clock, or of the CPU. */
export const isTimeout = (outcome: Outcome): boolean =>
  outcome.kind === "limit" && (outcome.limit === "wallTime" || outcome.limit === "cpuTime");

/** Where no field tells it, a limit would look like the program's own end. */
export function limitNote(outcome: Outcome): string {
  return outcome.kind === "limit" ? `glovebox: ${describeOutcome(outcome)}\n` : "";
}
