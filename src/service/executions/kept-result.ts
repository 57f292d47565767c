/**
 * @module
 * The end of an execution, and its output, from what is kept of them.
 */
import type { StoredResult } from "../../storage/stored-execution.ts";
import type { PhaseOutput } from "../collect.ts";
import type { PhaseJson, ReportJson } from "../report-json.ts";
import type { ExecutionResult } from "./execution-info.ts";
import { OutputLog } from "./output-log.ts";

/** Empty before its end. */
export function keptResult(stored: StoredResult | undefined): ExecutionResult {
  const { result, error, meta } = stored ?? { result: null, error: null, meta: null };
  return {
    ...(result === null ? {} : { report: JSON.parse(result) as ReportJson }),
    ...(error === null ? {} : { error }),
    ...(meta === null ? {} : { meta: JSON.parse(meta) as unknown }),
  };
}

/** Where no segments are kept, its streams come one after the other. */
export function keptLog(stored: StoredResult | undefined): OutputLog {
  const { report } = keptResult(stored);
  const segments = stored?.segments ?? Buffer.alloc(0);
  return OutputLog.of({ compile: bytesOf(report?.compile), run: bytesOf(report?.run) }, segments);
}

const bytesOf = (phase: PhaseJson | null | undefined): Pick<PhaseOutput, "stdout" | "stderr"> => ({
  stdout: Buffer.from(phase?.stdout ?? "", phase?.stdout_encoding),
  stderr: Buffer.from(phase?.stderr ?? "", phase?.stderr_encoding),
});
