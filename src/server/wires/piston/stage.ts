/**
 * @module
 * How a stage of a run ended, in Piston's words.
 */
import { constants } from "node:os";
import type { Execution } from "../../../core/execution.ts";
import { describeOutcome, type Outcome } from "../../../core/outcome.ts";
import type { CollectedExecution, PhaseOutput } from "../../../service/collect.ts";
import type { PistonRuntime } from "./runtimes.ts";
import { toSemVer } from "./version-range.ts";

/** `TO` time, `OL` and `EL` too much stdout or stderr, `SG` a signal, `RE` an exit code, `XX` ours. */
type Status = "RE" | "SG" | "TO" | "OL" | "EL" | "XX";

interface StageEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** For people; null where the program ended well. */
  readonly message: string | null;
  readonly status: Status | null;
}

/** What was not measured is null. Times in ms, memory in bytes. */
interface StageUsage {
  readonly cpu_time: number | null;
  readonly wall_time: number | null;
  readonly memory: number | null;
}

export type StageReport = StageEnd & StageUsage;

export interface Stage extends StageReport {
  readonly stdout: string;
  readonly stderr: string;
  /** Both, as they came. */
  readonly output: string;
}

export interface ExecuteAnswer {
  readonly language: string;
  readonly version: string;
  readonly run: Stage;
  readonly compile?: Stage;
}

/** Where compiling failed, `run` is what `compile` is. */
export function executeAnswer(
  { report, output }: CollectedExecution,
  { name, version }: PistonRuntime,
): ExecuteAnswer {
  const compile = report.compile && toStage(report.compile, output.compile);
  const run = report.run === null ? compile : toStage(report.run, output.run);
  if (run === undefined) throw new Error("neither compiled nor run");
  const ran = report.runtime?.version ?? null;
  return {
    ...(compile === undefined ? {} : { compile }),
    run,
    language: name,
    version: ran === null ? version : toSemVer(ran),
  };
}

function toStage(execution: Execution, { stdout, stderr, output }: PhaseOutput): Stage {
  return {
    ...stageReport(execution),
    stdout: stdout.toString("utf8"),
    stderr: stderr.toString("utf8"),
    output: output.toString("utf8"),
  };
}

export function stageReport(execution: Execution): StageReport {
  const { wallTimeMs, cpuTimeMs, peakMemoryBytes = null } = execution.usage;
  return {
    ...stageEnd(execution),
    cpu_time: cpuTimeMs === undefined ? null : Math.round(cpuTimeMs),
    wall_time: Math.round(wallTimeMs),
    memory: peakMemoryBytes,
  };
}

function stageEnd({ outcome, droppedBytes }: Execution): StageEnd {
  switch (outcome.kind) {
    case "exited":
      return exited(outcome.exitCode);
    case "signaled": {
      const number = constants.signals[outcome.signal];
      return killed("SG", `Caught fatal signal ${number}`, outcome.signal);
    }
    case "limit":
      return atLimit(outcome, droppedBytes.stdout > 0);
    case "canceled":
      return killed("XX", "canceled");
  }
}

function exited(code: number, message = `Exited with error status ${code}`): StageEnd {
  if (code === 0) return { code, signal: null, message: null, status: null };
  return { code, signal: null, message, status: "RE" };
}

function killed(status: Status, message: string, signal = "SIGKILL"): StageEnd {
  return { code: null, signal, message, status };
}

function atLimit(outcome: Outcome & { readonly kind: "limit" }, isStdout: boolean): StageEnd {
  switch (outcome.limit) {
    case "wallTime":
      return killed("TO", "Time limit exceeded (wall clock)");
    case "cpuTime":
      return killed("TO", "Time limit exceeded");
    case "output":
      return isStdout
        ? killed("OL", "stdout length exceeded")
        : killed("EL", "stderr length exceeded");
    case "memory":
      return killed("SG", "Memory limit exceeded");
    case "processes":
    case "disk": {
      const text = describeOutcome(outcome);
      return outcome.exitCode === null ? killed("SG", text) : exited(outcome.exitCode, text);
    }
  }
}
