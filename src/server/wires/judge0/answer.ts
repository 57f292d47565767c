/**
 * @module
 * A submission as clients of Judge0 read it.
 */
import { isUtf8 } from "node:buffer";
import type { ExecutionInfo, ExecutionResult } from "../../../service/executions/execution-info.ts";
import type { ExecutionRequest } from "../../../service/request.ts";
import type { AnswerField } from "./answer-fields.ts";
import { encodeLines } from "./base64.ts";
import { toDecimal } from "./given-fields.ts";
import { statusOf } from "./statuses.ts";
import type { GivenFields, SubmissionMeta } from "./submission-meta.ts";
import { verdictOf, type Verdict } from "./verdict.ts";

/** What is read only where a field needs it: it may be large. */
export interface KeptSubmission {
  readonly info: ExecutionInfo;
  readonly result: () => ExecutionResult;
  /** Undefined: nobody asks for what is in it. */
  readonly request: () => ExecutionRequest | undefined;
  /** By Judge0's id. */
  readonly languageName?: (id: number) => string | null;
}

type Answer = Readonly<Record<string, unknown>>;

type Answers =
  | { readonly ok: true; readonly submissions: readonly (Answer | null)[] }
  | { readonly ok: false; readonly reason: string };

const HOW = "use base64_encoded=true query parameter";
export const notUtf8 = `some attributes for this submission cannot be converted to UTF-8, ${HOW}`;
const someNotUtf8 = `some attributes for one or more submissions cannot be converted to UTF-8, ${HOW}`;

/** Of the texts of one answer; a single submission may have more. */
const MAX_TEXT_CHARS = 32 * 2 ** 20;

/** Null for each that is not there. */
export function answerAll(
  submissions: readonly (KeptSubmission | undefined)[],
  fields: readonly AnswerField[],
  isBase64: boolean,
): Answers {
  const answers: (Answer | null)[] = [];
  let chars = 0;
  for (const submission of submissions) {
    const answer = submission === undefined ? null : answerOf(submission, fields, isBase64);
    if (answer === undefined) return { ok: false, reason: someNotUtf8 };
    answers.push(answer);
    chars += answer === null ? 0 : textChars(answer);
    if (chars > MAX_TEXT_CHARS && submissions.length > 1) {
      return { ok: false, reason: "too much for one answer: ask for fewer submissions or fields" };
    }
  }
  return { ok: true, submissions: answers };
}

function textChars(answer: Answer): number {
  const texts = Object.values(answer).filter((value) => typeof value === "string");
  return texts.reduce((sum, { length }) => sum + length, 0);
}

/** @returns Undefined where a text is not UTF-8 and nobody asked for base64. */
export function answerOf(
  submission: KeptSubmission,
  fields: readonly AnswerField[],
  isBase64: boolean,
): Answer | undefined {
  const read = fieldReader(submission);
  const rows: (readonly [string, unknown])[] = [];
  for (const field of fields) {
    const value = read(field);
    if (!Buffer.isBuffer(value)) rows.push([field, value]);
    // A zip is bytes, whatever was asked for.
    else if (isBase64 || field === "additional_files") rows.push([field, encodeLines(value)]);
    else if (isUtf8(value)) rows.push([field, value.toString("utf8")]);
    else return undefined;
  }
  return Object.fromEntries(rows);
}

/** Those that are not answered as they came. */
type MadeField = Exclude<AnswerField, keyof GivenFields>;
type MadeValues = Readonly<Record<MadeField, () => unknown>>;

function fieldReader(submission: KeptSubmission): (field: AnswerField) => unknown {
  const { info, languageName } = submission;
  const result = once(submission.result);
  const request = once(submission.request);
  const meta = (): SubmissionMeta => result().meta as SubmissionMeta;
  const verdict = once(() => verdictOf(info, result()));
  const languageId = (): number => meta().languageId;
  const made: MadeValues = {
    ...verdictValues(verdict),
    token: () => info.id,
    source_code: () => fileOf(request(), meta().sourcePath),
    stdin: () => stdinOf(request()),
    language_id: languageId,
    language: () => ({ id: languageId(), name: languageName?.(languageId()) ?? null }),
    expected_output: () => bytes(meta().expectedOutput),
    additional_files: () => bytes(meta().additionalFiles),
    created_at: () => toTime(info.createdAtMs),
    finished_at: () => toTime(info.finishedAtMs),
  };
  const isMade = (field: AnswerField): field is MadeField => Object.hasOwn(made, field);
  return (field) => (isMade(field) ? made[field]() : meta().fields[field]);
}

type VerdictField =
  | "stdout"
  | "stderr"
  | "compile_output"
  | "message"
  | "exit_code"
  | "exit_signal"
  | "time"
  | "wall_time"
  | "memory"
  | "status_id"
  | "status";

function verdictValues(verdict: () => Verdict): Pick<MadeValues, VerdictField> {
  return {
    stdout: () => verdict().stdout,
    stderr: () => verdict().stderr,
    compile_output: () => verdict().compileOutput,
    message: () => {
      const { message } = verdict();
      return message === null ? null : Buffer.from(message);
    },
    exit_code: () => verdict().exitCode,
    exit_signal: () => verdict().exitSignal,
    time: () => toSeconds(verdict().timeMs),
    wall_time: () => toSeconds(verdict().wallTimeMs),
    memory: () => toKib(verdict().memoryBytes),
    status_id: () => verdict().statusId,
    status: () => statusOf(verdict().statusId),
  };
}

function fileOf(request: ExecutionRequest | undefined, wanted: string | null): Buffer | null {
  if (request?.program.kind !== "code") return null;
  const file = request.program.files.find(({ path }) => path === wanted);
  return file === undefined ? null : Buffer.from(file.content);
}

function stdinOf(request: ExecutionRequest | undefined): Buffer | null {
  const stdin = request?.stdin;
  return stdin instanceof Uint8Array ? Buffer.from(stdin) : null;
}

function bytes(base64: string | null): Buffer | null {
  return base64 === null ? null : Buffer.from(base64, "base64");
}

function toSeconds(ms: number | null): string | null {
  return ms === null ? null : toDecimal(Math.round(ms) / 1000);
}

function toKib(byteCount: number | null): number | null {
  return byteCount === null ? null : Math.floor(byteCount / 1024);
}

function toTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
