/**
 * @module
 * From how a program ended to what Judge0 says of it.
 */
import type { ExecutionInfo, ExecutionResult } from "../../../service/executions/execution-info.ts";
import type { Encoding, PhaseJson, ReportJson } from "../../../service/report-json.ts";
import { compileFailed, compileOutputOf } from "./multi-file.ts";
import { signalNumber, statusId, statusOfSignal, type StatusId } from "./statuses.ts";
import { executableId, multiFileId } from "./special-ids.ts";
import type { SubmissionMeta } from "./submission-meta.ts";

export interface Verdict {
  readonly statusId: StatusId;
  readonly message: string | null;
  readonly exitCode: number | null;
  readonly exitSignal: number | null;
  /** Null: nothing was written. */
  readonly stdout: Buffer | null;
  readonly stderr: Buffer | null;
  readonly compileOutput: Buffer | null;
  /** CPU time. Null: not measured. */
  readonly timeMs: number | null;
  readonly wallTimeMs: number | null;
  readonly memoryBytes: number | null;
}

type End = Pick<Verdict, "statusId" | "message" | "exitCode" | "exitSignal">;

const nothing = {
  message: null,
  exitCode: null,
  exitSignal: null,
  stdout: null,
  stderr: null,
  compileOutput: null,
  timeMs: null,
  wallTimeMs: null,
  memoryBytes: null,
};

/** @param result Of `info`; its meta is a `SubmissionMeta`. */
export function verdictOf({ state }: ExecutionInfo, result: ExecutionResult): Verdict {
  switch (state) {
    case "queued":
      return { ...nothing, statusId: statusId.inQueue };
    case "running":
      return { ...nothing, statusId: statusId.processing };
    case "failed": {
      const { message = "The submission could not be run." } = result.error ?? {};
      return { ...nothing, statusId: statusId.internal, message };
    }
    case "canceled":
      return { ...nothing, statusId: statusId.internal, message: "The submission was canceled." };
    case "finished":
      if (result.report === undefined) return { ...nothing, statusId: statusId.internal };
      return judge(result.report, result.meta as SubmissionMeta);
  }
}

export function judge(report: ReportJson, meta: SubmissionMeta): Verdict {
  const { compile, run } = report;
  const isProject = meta.languageId === multiFileId;
  const compilerText = isProject ? compileOutputOf(report) : compilerOutput(compile);
  const compileOutput = compilerText === undefined ? null : orNull(compilerText);
  if (run === null || (isProject && compileFailed(report))) {
    return { ...nothing, statusId: statusId.compilation, compileOutput };
  }
  const isMerged = meta.fields.redirect_stderr_to_stdout;
  const stdout = isMerged
    ? decode(run.output, run.output_encoding)
    : decode(run.stdout, run.stdout_encoding);
  const stderr = isMerged ? Buffer.alloc(0) : decode(run.stderr, run.stderr_encoding);
  const { wall_ms: wallTimeMs, cpu_ms: timeMs = null, peak_memory_bytes = null } = run.usage;
  return {
    ...endOf(run, stdout, compile, meta),
    stdout: orNull(stdout),
    stderr: orNull(stderr),
    compileOutput,
    wallTimeMs,
    ...(meta.means ?? { timeMs, memoryBytes: peak_memory_bytes }),
  };
}

function compilerOutput(compile: PhaseJson | undefined): Buffer | undefined {
  if (compile === undefined) return undefined;
  switch (compile.outcome) {
    case "wall_time":
    case "cpu_time":
      return Buffer.from("Compilation time limit exceeded.");
    case "memory": {
      const text = decode(compile.output, compile.output_encoding);
      return Buffer.concat([text, Buffer.from("Compilation memory limit exceeded.")]);
    }
    default:
      return decode(compile.output, compile.output_encoding);
  }
}

function endOf(
  run: PhaseJson,
  stdout: Buffer,
  compile: PhaseJson | undefined,
  meta: SubmissionMeta,
): End {
  if (usedTooMuch(run, compile, meta)) return memoryLimit;
  const base = { message: null, exitCode: run.exit_code, exitSignal: null };
  switch (run.outcome) {
    case "wall_time":
      return { ...base, statusId: statusId.timeLimit, message: "Time limit exceeded (wall clock)" };
    case "cpu_time":
      return { ...base, statusId: statusId.timeLimit, message: "Time limit exceeded" };
    case "memory":
      return memoryLimit;
    case "output":
      return signaled("SIGXFSZ");
    case "signaled":
      return signaled(run.signal as NodeJS.Signals);
    case "canceled":
      return { ...base, statusId: statusId.internal, message: "The submission was canceled." };
    case "processes":
    case "disk":
    case "exited":
      return { ...base, ...exited(run.exit_code ?? 0, stdout, meta) };
  }
}

/** Judge0 has no status for it: the one of a program that was killed, and words. */
const memoryLimit: End = {
  statusId: statusId.other,
  message: "Memory limit exceeded",
  exitCode: null,
  exitSignal: signalNumber("SIGKILL"),
};

/**
 * The peak of a run is the compiler's own where the kernel can't begin to count anew (Linux before
 * 6.12): then nobody knows the program's.
 */
function usedTooMuch(
  { usage }: PhaseJson,
  compile: PhaseJson | undefined,
  { judgedMemoryBytes }: SubmissionMeta,
): boolean {
  const peak = usage.peak_memory_bytes;
  if (judgedMemoryBytes === null || peak === undefined) return false;
  return peak > judgedMemoryBytes && peak !== compile?.usage.peak_memory_bytes;
}

function signaled(signal: NodeJS.Signals): End {
  const exitSignal = signalNumber(signal);
  const message = `Caught fatal signal ${exitSignal}`;
  return { statusId: statusOfSignal(signal), message, exitCode: null, exitSignal };
}

/** What a shell gives for a file that the kernel can't execute. */
const EXIT_CANNOT_EXEC = 126;

function exited(
  exitCode: number,
  stdout: Buffer,
  { expectedOutput, languageId }: SubmissionMeta,
): Pick<End, "statusId" | "message"> {
  if (exitCode !== 0) {
    const isNoProgram = exitCode === EXIT_CANNOT_EXEC && languageId === executableId;
    return {
      statusId: isNoProgram ? statusId.execFormat : statusId.nonZeroExit,
      message: `Exited with error status ${exitCode}`,
    };
  }
  const isRight = expectedOutput === null || isSame(stdout, Buffer.from(expectedOutput, "base64"));
  return { statusId: isRight ? statusId.accepted : statusId.wrongAnswer, message: null };
}

/** But for white space at the ends of lines, and for empty lines at the end. */
function isSame(stdout: Buffer, expected: Buffer): boolean {
  return trimLines(stdout) === trimLines(expected);
}

/** One character a byte, so that what is no UTF-8 is compared too. */
function trimLines(bytes: Buffer): string {
  const lines = bytes.toString("latin1").split("\n");
  return trimEnd(lines.map(trimEnd).join("\n"));
}

/** What Ruby takes for white space, and NUL. No regular expression: it would take a line's square. */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && "\0\t\n\v\f\r ".includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

function decode(text: string, encoding: Encoding): Buffer {
  return Buffer.from(text, encoding);
}

function orNull(bytes: Buffer): Buffer | null {
  return bytes.byteLength === 0 ? null : bytes;
}
