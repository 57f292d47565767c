/**
 * @module
 * The output of an execution that has ended, from what is kept of it.
 */
import type { PhaseOutput } from "../collect.ts";
import type { PhaseJson } from "../report-json.ts";
import type { ExecutionResult } from "./execution-info.ts";
import { OutputLog } from "./output-log.ts";

/** @param segments See `OutputLog.segments`; absent: its streams come one after the other. */
export function keptLog(
  { report }: ExecutionResult,
  segments: Uint8Array = Buffer.alloc(0),
): OutputLog {
  return OutputLog.of({ compile: bytesOf(report?.compile), run: bytesOf(report?.run) }, segments);
}

const bytesOf = (phase: PhaseJson | null | undefined): Pick<PhaseOutput, "stdout" | "stderr"> => ({
  stdout: Buffer.from(phase?.stdout ?? "", phase?.stdout_encoding),
  stderr: Buffer.from(phase?.stderr ?? "", phase?.stderr_encoding),
});
