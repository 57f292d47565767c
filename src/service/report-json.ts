/**
 * @module
 * What the service reports, as JSON: the answer of POST /v1/execute and the document of
 * `glovebox run --json`.
 */
import { isUtf8 } from "node:buffer";
import { controls, type Control, type EnforcementLevel } from "../core/enforcement.ts";
import type { Enforcement } from "../core/enforcement.ts";
import type { Execution } from "../core/execution.ts";
import type { Outcome, OutcomeLimit } from "../core/outcome.ts";
import type { PermissionReport } from "../permissions/report.ts";
import { snakeCase, type SnakeCase } from "../util/snake-case.ts";
import type { CollectedExecution, PhaseOutput } from "./collect.ts";
import type { Artifacts, CompileCacheUse } from "./request.ts";

/** How bytes are written in a string of JSON. */
export type Encoding = "utf8" | "base64";

export interface PhaseJson {
  stdout: string;
  stdout_encoding: Encoding;
  stderr: string;
  stderr_encoding: Encoding;
  /** Both streams, interleaved in order of arrival. */
  output: string;
  output_encoding: Encoding;
  /** Null where the program did not come to give one. */
  exit_code: number | null;
  signal: string | null;
  outcome: "exited" | "signaled" | "canceled" | SnakeCase<OutcomeLimit>;
  /** True if output was lost. */
  truncated: boolean;
  /** Absent fields could not be measured. */
  usage: { wall_ms: number; cpu_ms?: number; peak_memory_bytes?: number };
}

export type EnforcementJson = Record<
  SnakeCase<Control>,
  { level: EnforcementLevel; by: string; note: string }
>;

export interface ReportJson {
  id: string;
  /** Null for a command. */
  language: string | null;
  /** Null for a command, and where nobody had to ask for it. */
  version: string | null;
  /** Absent where the language is not compiled. */
  compile?: PhaseJson;
  /** Null where compiling failed. */
  run: PhaseJson | null;
  /** Absent where the language is not compiled. */
  compile_cache?: CompileCacheUse;
  /** Absent where none were asked for, or could be. */
  artifacts?: ArtifactsJson;
  enforcement: EnforcementJson;
  /** Absent where nothing was to be asked about. */
  permissions?: PermissionReport;
}

export interface ArtifactsJson {
  /** Paths are relative to the workspace. */
  files: { path: string; content: string; encoding: Encoding; executable: boolean }[];
  /** What is no file, or could not be read. */
  skipped: { path: string; reason: string }[];
  /** True where a bound cut them, and where there is a `problem`. */
  truncated: boolean;
  /** Why none could be read. */
  problem?: string;
}

export function reportToJson({ report, output }: CollectedExecution): ReportJson {
  const { id, runtime, compile, run, enforcement, compileCache, artifacts, permissions } = report;
  return {
    id,
    language: runtime?.languageId ?? null,
    version: runtime?.version ?? null,
    ...(compile === undefined ? {} : { compile: phaseToJson(compile, output.compile) }),
    run: run === null ? null : phaseToJson(run, output.run),
    ...(compileCache === undefined ? {} : { compile_cache: compileCache }),
    ...(artifacts === undefined ? {} : { artifacts: artifactsToJson(artifacts) }),
    enforcement: enforcementToJson(enforcement),
    ...(permissions === undefined ? {} : { permissions }),
  };
}

function artifactsToJson({ files, skipped, isComplete, problem }: Artifacts): ArtifactsJson {
  return {
    files: files.map(({ path, content, executable }) => {
      const { text, encoding } = encodeBytes(Buffer.from(content));
      return { path, content: text, encoding, executable };
    }),
    skipped: skipped
      .map(({ path, reason }) => ({ path, reason: snakeCase(reason) }))
      .sort((left, right) => (left.path < right.path ? -1 : 1)),
    truncated: !isComplete,
    ...(problem === undefined ? {} : { problem }),
  };
}

/** What the operator could do about a gap is not the caller's to know. */
export function enforcementToJson(enforcement: Enforcement): EnforcementJson {
  const rows = controls.map((control) => {
    const { level, by, note } = enforcement[control];
    return [snakeCase(control), { level, by, note }];
  });
  return Object.fromEntries(rows) as EnforcementJson;
}

function phaseToJson(
  { outcome, usage, droppedBytes }: Execution,
  collected: PhaseOutput,
): PhaseJson {
  const stdout = encodeBytes(collected.stdout);
  const stderr = encodeBytes(collected.stderr);
  const output = encodeBytes(collected.output);
  const { wallTimeMs, cpuTimeMs, peakMemoryBytes } = usage;
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
      wall_ms: wallTimeMs,
      ...(cpuTimeMs === undefined ? {} : { cpu_ms: cpuTimeMs }),
      ...(peakMemoryBytes === undefined ? {} : { peak_memory_bytes: peakMemoryBytes }),
    },
  };
}

/** A program may write any bytes: base64 where they are not UTF-8, or would be far more in JSON. */
function encodeBytes(bytes: Buffer): { readonly text: string; readonly encoding: Encoding } {
  const encoding = isUtf8(bytes) && isShortInJson(bytes) ? "utf8" : "base64";
  return { text: bytes.toString(encoding), encoding };
}

const NEVER_MIND_BYTES = 4096;

/** JSON writes `\u0001` for one byte: a program must not make six times as much of its output. */
function isShortInJson(bytes: Buffer): boolean {
  if (bytes.byteLength <= NEVER_MIND_BYTES) return true;
  let escapes = 0;
  for (const byte of bytes) {
    const isShort = byte >= 0x20 || (byte >= 0x08 && byte <= 0x0d && byte !== 0x0b);
    if (!isShort) escapes++;
  }
  return escapes * 5 <= bytes.byteLength;
}

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
