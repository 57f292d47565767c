/**
 * @module
 * The fields of a submission, read and checked one by one.
 */
import type { ServerConfig } from "../../../config/server-config.ts";
import { decodeLenient } from "./base64.ts";
import { numberFields, numberTable, type NumberField, type Numbers } from "./limits.ts";
import {
  readFlag,
  readId,
  readNumber,
  readText,
  readWords,
  type FaultList,
} from "./read-fields.ts";
import { multiFileId } from "./special-ids.ts";
import { splitWords } from "./split-words.ts";

export interface SubmissionFields {
  /** Undefined, and a fault, where it is absent. */
  readonly languageId: number | undefined;
  /** Empty for a multi-file program. */
  readonly sourceCode: Buffer;
  readonly stdin: Buffer;
  readonly expectedOutput: Buffer | undefined;
  readonly additionalFiles: Buffer | undefined;
  readonly compilerOptions: Split;
  readonly commandLineArguments: Split;
  readonly numbers: Numbers;
  readonly isNamed: (field: NumberField) => boolean;
  readonly redirectStderr: boolean;
  readonly callbackUrl: string | undefined;
  readonly enableNetwork: boolean;
  readonly perProcessTime: boolean;
  readonly perProcessMemory: boolean;
}

/** What Judge0 hands to a shell, as it came and as words. */
interface Split {
  readonly text: string | undefined;
  readonly words: readonly string[];
}

const MAX_OPTION_CHARS = 512;
const SPACE = 0x20;

/**
 * @param limits What the operator, and the key, allow.
 * @param faults Of the fields; where there is one, what is returned has no meaning.
 */
export function readSubmission(
  body: unknown,
  isBase64: boolean,
  limits: ServerConfig["limits"],
  faults: FaultList,
): SubmissionFields {
  const given = asRecord(body);
  const bytes = (field: string): Buffer | undefined => {
    const text = readText(given[field]);
    if (text === undefined) return undefined;
    return isBase64 ? decodeLenient(text) : Buffer.from(text);
  };
  const table = numberTable(limits);
  const numbers = numberFields.map((field) => {
    return [field, readNumber(field, given[field], table[field], faults)] as const;
  });
  const languageId = readId(given["language_id"]);
  if (languageId === undefined) faults.add("language_id", "can't be blank");
  const sourceCode = bytes("source_code") ?? Buffer.alloc(0);
  const additional = readWords(given["additional_files"]);
  requireProgram(languageId, sourceCode, additional, faults);
  return {
    languageId,
    sourceCode,
    stdin: bytes("stdin") ?? Buffer.alloc(0),
    expectedOutput: bytes("expected_output"),
    additionalFiles: additional === undefined ? undefined : decodeLenient(additional),
    compilerOptions: readSplit("compiler_options", given, faults),
    commandLineArguments: readSplit("command_line_arguments", given, faults),
    numbers: Object.fromEntries(numbers) as Numbers,
    isNamed: (field) => readWords(given[field]) !== undefined,
    redirectStderr: readFlag(given["redirect_stderr_to_stdout"]),
    callbackUrl: readWords(given["callback_url"])?.trim(),
    enableNetwork: readFlag(given["enable_network"]),
    perProcessTime: readFlag(given["enable_per_process_and_thread_time_limit"]),
    perProcessMemory: readFlag(given["enable_per_process_and_thread_memory_limit"]),
  };
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return value as Readonly<Record<string, unknown>>;
}

function requireProgram(
  languageId: number | undefined,
  sourceCode: Buffer,
  additional: string | undefined,
  faults: FaultList,
): void {
  const isBlank = sourceCode.every((byte) => byte <= SPACE);
  if (languageId !== multiFileId) {
    if (isBlank) faults.add("source_code", "can't be blank");
    return;
  }
  if (sourceCode.byteLength > 0) faults.add("source_code", "must be blank");
  if (additional === undefined) faults.add("additional_files", "can't be blank");
}

function readSplit(
  field: string,
  given: Readonly<Record<string, unknown>>,
  faults: FaultList,
): Split {
  const text = readWords(given[field]);
  if (text === undefined) return { text, words: [] };
  if (text.length > MAX_OPTION_CHARS) {
    faults.add(field, `is too long (maximum is ${MAX_OPTION_CHARS} characters)`);
    return { text, words: [] };
  }
  const split = splitWords(text);
  if (!split.ok) faults.add(field, split.reason);
  return { text, words: split.ok ? split.words : [] };
}
