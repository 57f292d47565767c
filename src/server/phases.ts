/**
 * @module
 * What the service reports, as the v1 API says it.
 */
import { controls, type Enforcement } from "../core/enforcement.ts";
import type { Execution } from "../core/execution.ts";
import type { Outcome } from "../core/outcome.ts";
import type { CollectedExecution, PhaseOutput } from "../service/collect.ts";
import { encodeBytes } from "./decode.ts";
import { snakeCase } from "./field-names.ts";
import type { EnforcementJson, ExecuteAnswer, Phase } from "./schemas.ts";

export function executeAnswer(
  { report, output }: CollectedExecution,
  language: string,
): ExecuteAnswer {
  return {
    id: report.id,
    language,
    version: report.runtime?.version ?? null,
    ...(report.compile === undefined
      ? {}
      : { compile: phaseToJson(report.compile, output.compile) }),
    run: report.run === null ? null : phaseToJson(report.run, output.run),
    enforcement: enforcementToJson(report.enforcement),
  };
}

function phaseToJson({ outcome, usage, droppedBytes }: Execution, collected: PhaseOutput): Phase {
  const stdout = encodeBytes(collected.stdout);
  const stderr = encodeBytes(collected.stderr);
  const output = encodeBytes(collected.output);
  return {
    stdout: stdout.text,
    stdout_encoding: stdout.encoding,
    stderr: stderr.text,
    stderr_encoding: stderr.encoding,
    output: output.text,
    output_encoding: output.encoding,
    exit_code: exitCode(outcome),
    signal: outcome.kind === "signaled" ? outcome.signal : null,
    outcome: outcome.kind === "limit" ? snakeCase(outcome.limit) : outcome.kind,
    truncated: droppedBytes.stdout + droppedBytes.stderr > 0,
    usage: {
      wall_ms: usage.wallTimeMs,
      cpu_ms: usage.cpuTimeMs,
      ...(usage.peakMemoryBytes === undefined ? {} : { peak_memory_bytes: usage.peakMemoryBytes }),
    },
  };
}

/** Null where the program did not come to give one. */
function exitCode(outcome: Outcome): number | null {
  switch (outcome.kind) {
    case "exited":
    case "limit":
      return outcome.exitCode;
    case "signaled":
    case "canceled":
      return null;
  }
}

/** What the operator could do about a gap is not the caller's to know. */
export function enforcementToJson(enforcement: Enforcement): EnforcementJson {
  const rows = controls.map((control) => {
    const { level, by, note } = enforcement[control];
    return [snakeCase(control), { level, by, note }];
  });
  return Object.fromEntries(rows) as EnforcementJson;
}
