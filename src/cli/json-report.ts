/**
 * @module
 * The document of `glovebox run --json`: the answer of `POST /v1/execute`, with the `exit_code` that
 * this process ends with.
 */
import { isUtf8 } from "node:buffer";
import { controls } from "../core/enforcement.ts";
import type { Enforcement } from "../core/enforcement.ts";
import type { Execution } from "../core/execution.ts";
import type { Outcome } from "../core/outcome.ts";
import type { CollectedExecution, PhaseOutput } from "../service/collect.ts";

/** One JSON document and a line feed. */
export function formatJsonReport(collected: CollectedExecution, exitCode: number): string {
  const { id, runtime, compile, run, enforcement } = collected.report;
  const document = {
    id,
    language: runtime?.languageId ?? null,
    version: runtime?.version ?? null,
    ...(compile === undefined ? {} : { compile: phaseJson(compile, collected.output.compile) }),
    run: run === null ? null : phaseJson(run, collected.output.run),
    enforcement: enforcementJson(enforcement),
    exit_code: exitCode,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function phaseJson(
  { outcome, usage, droppedBytes }: Execution,
  { stdout, stderr, output }: PhaseOutput,
): Record<string, unknown> {
  return {
    ...textJson("stdout", stdout),
    ...textJson("stderr", stderr),
    ...textJson("output", output),
    exit_code: "exitCode" in outcome ? outcome.exitCode : null,
    signal: outcome.kind === "signaled" ? outcome.signal : null,
    outcome: outcomeWord(outcome),
    truncated: droppedBytes.stdout + droppedBytes.stderr > 0,
    usage: {
      wall_ms: usage.wallTimeMs,
      ...(usage.cpuTimeMs === undefined ? {} : { cpu_ms: usage.cpuTimeMs }),
      ...(usage.peakMemoryBytes === undefined ? {} : { peak_memory_bytes: usage.peakMemoryBytes }),
    },
  };
}

/** A program may write any bytes: base64 where they are not UTF-8. */
function textJson(name: string, bytes: Buffer): Record<string, string> {
  const encoding = isUtf8(bytes) ? "utf8" : "base64";
  return { [name]: bytes.toString(encoding), [`${name}_encoding`]: encoding };
}

function outcomeWord(outcome: Outcome): string {
  return outcome.kind === "limit" ? snakeCase(outcome.limit) : outcome.kind;
}

function enforcementJson(enforcement: Enforcement): Record<string, unknown> {
  const rows = controls.map((control) => {
    const { level, by, note } = enforcement[control];
    return [snakeCase(control), { level, by, note }];
  });
  return Object.fromEntries(rows) as Record<string, unknown>;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
