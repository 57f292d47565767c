/**
 * @module
 * What a function answered, as output and outcome. A program can write any answer itself: each is
 * checked, and can only lie about its own end.
 */
import { constants } from "node:os";
import { z } from "zod";
import type { OutputStream } from "../../core/command.ts";
import type { Execution } from "../../core/execution.ts";
import type { Outcome } from "../../core/outcome.ts";
import { isSignalName } from "../../util/signal-name.ts";
import { readReport, type FunctionReport } from "./report-line.ts";

export interface FunctionAnswer {
  /** `Handled` and `Unhandled`, where the function failed. */
  readonly functionError: string | undefined;
  readonly payload: Buffer;
  /** Its last 4 KB. */
  readonly log: string;
  /** From our call to its answer. */
  readonly elapsedMs: number;
}

export interface ReadAnswer {
  readonly output: readonly (readonly [OutputStream, Buffer])[];
  readonly execution: Execution;
}

const countSchema = z.number().min(0).max(Number.MAX_SAFE_INTEGER);

const commandAnswerSchema = z.object({
  glovebox: z.literal(1),
  exit_code: z.int().min(0).max(255).nullable(),
  signal: z.int().min(1).max(64).nullable(),
  ended: z.enum(["wallTime", "output"]).nullable(),
  not_started: z.string().max(32).nullable(),
  output: z.array(z.tuple([z.enum(["o", "e"]), z.base64()])).max(1_000_000),
  dropped: z.object({ o: countSchema, e: countSchema }),
  wall_ms: countSchema,
  cpu_ms: countSchema.optional(),
});
type CommandAnswer = z.infer<typeof commandAnswerSchema>;

const errorSchema = z.object({
  errorMessage: z.string().nullish(),
  errorType: z.string().nullish(),
});

const nothingDropped = { stdout: 0, stderr: 0 } as const;

/** Of a command that our bootstrap started. Undefined where that is no answer of it. */
export function readCommandAnswer(answer: FunctionAnswer, program: string): ReadAnswer | undefined {
  const report = readReport(answer.log);
  if (answer.functionError !== undefined) return failureOf(answer, report);
  const parsed = commandAnswerSchema.safeParse(parseJson(answer.payload));
  if (!parsed.success) return undefined;
  const { data } = parsed;
  const output = data.output.map(
    ([name, text]) => [name === "o" ? "stdout" : "stderr", Buffer.from(text, "base64")] as const,
  );
  if (data.not_started !== null) return notStarted(program, data.not_started);
  return {
    output,
    execution: {
      outcome: outcomeOf(data, report),
      usage: {
        ...usageOf(report, data.wall_ms),
        ...(data.cpu_ms === undefined ? {} : { cpuTimeMs: data.cpu_ms }),
      },
      droppedBytes: { stdout: data.dropped.o, stderr: data.dropped.e },
    },
  };
}

/** Of a handler: its result is stdout, a text as it is and anything else as JSON; its log is stderr. */
export function readEventAnswer(answer: FunctionAnswer): ReadAnswer {
  const report = readReport(answer.log);
  const log = Buffer.from(answer.log);
  if (answer.functionError !== undefined) {
    const { output, execution } = failureOf(answer, report);
    return { output: [["stderr", log], ...output], execution };
  }
  const value = parseJson(answer.payload);
  const result =
    value === null
      ? ""
      : `${typeof value === "string" ? value : answer.payload.toString("utf8")}\n`;
  return {
    output: [
      ["stderr", log],
      ["stdout", Buffer.from(result)],
    ],
    execution: {
      outcome: { kind: "exited", exitCode: 0 },
      usage: usageOf(report, answer.elapsedMs),
      droppedBytes: nothingDropped,
    },
  };
}

function outcomeOf(answer: CommandAnswer, report: FunctionReport): Outcome {
  const { ended, exit_code: exitCode, signal } = answer;
  if (ended !== null) return { kind: "limit", limit: ended, exitCode };
  if (signal === null) return { kind: "exited", exitCode: exitCode ?? 0 };
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  if (name === "SIGXCPU") return { kind: "limit", limit: "cpuTime", exitCode };
  if (name === "SIGKILL" && isFull(report)) return { kind: "limit", limit: "memory", exitCode };
  return { kind: "signaled", signal: name !== undefined && isSignalName(name) ? name : "SIGKILL" };
}

const isFull = ({ memoryBytes, peakMemoryBytes }: FunctionReport): boolean =>
  memoryBytes !== undefined && (peakMemoryBytes ?? 0) >= memoryBytes;

/** The function failed: its own code, or Lambda ended it. */
function failureOf({ payload, elapsedMs }: FunctionAnswer, report: FunctionReport): ReadAnswer {
  const parsed = errorSchema.safeParse(parseJson(payload));
  const { errorMessage = "", errorType = "" } = parsed.success ? parsed.data : {};
  const message = errorMessage ?? "";
  const text = [errorType ?? "", message].filter((it) => it !== "").join(": ");
  return {
    output: text === "" ? [] : [["stderr", Buffer.from(`${text}\n`)]],
    execution: {
      outcome: failedOutcome(errorType ?? "", message, report),
      usage: usageOf(report, elapsedMs),
      droppedBytes: nothingDropped,
    },
  };
}

function failedOutcome(type: string, message: string, report: FunctionReport): Outcome {
  if (type === "Sandbox.Timedout" || /Task timed out after [\d.]+ seconds/.test(message)) {
    return { kind: "limit", limit: "wallTime", exitCode: null };
  }
  const wasKilled = /signal: killed/.test(message);
  if (type === "Runtime.OutOfMemory" || (wasKilled && isFull(report))) {
    return { kind: "limit", limit: "memory", exitCode: null };
  }
  if (wasKilled) return { kind: "signaled", signal: "SIGKILL" };
  const [, status] = /exited with error: exit status (\d{1,3})/.exec(message) ?? [];
  return { kind: "exited", exitCode: status === undefined ? 1 : Number(status) % 256 };
}

/** Exit codes of sh(1) for a program that is not there, or can't be executed. */
const startFaults: Readonly<Partial<Record<string, readonly [exitCode: number, why: string]>>> = {
  ENOENT: [127, "not found"],
  EACCES: [126, "Permission denied"],
  ENOTDIR: [126, "Not a directory"],
  ENOEXEC: [126, "Exec format error"],
  E2BIG: [126, "Argument list too long"],
};

function notStarted(program: string, fault: string): ReadAnswer {
  const [exitCode, why] = startFaults[fault] ?? [126, fault];
  const said = `glovebox: cannot run ${program}: ${why}`.replaceAll(/\p{Cc}/gu, "?");
  return {
    output: [["stderr", Buffer.from(`${said}\n`)]],
    execution: {
      outcome: { kind: "exited", exitCode },
      usage: { wallTimeMs: 0 },
      droppedBytes: nothingDropped,
    },
  };
}

function usageOf({ peakMemoryBytes }: FunctionReport, wallTimeMs: number): Execution["usage"] {
  return { wallTimeMs, ...(peakMemoryBytes === undefined ? {} : { peakMemoryBytes }) };
}

function parseJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString("utf8"));
  } catch {
    return undefined;
  }
}
