/**
 * @module
 * From a submission of Judge0 to an execution that is answered later.
 */
import type { FastifyRequest } from "fastify";
import type { ServerConfig } from "../../../config/server-config.ts";
import { isGloveboxError, type GloveboxError } from "../../../core/errors.ts";
import type { LoadedLanguage } from "../../../core/language.ts";
import type { SandboxFile } from "../../../core/sandbox.ts";
import type { Submission } from "../../../service/executions/submission.ts";
import type { ExecutionRequest } from "../../../service/request.ts";
import { boundsFor } from "../../admission.ts";
import { callbackUrl as callbackUrlSchema } from "../../executions/schemas.ts";
import { admitFor } from "../../run-now.ts";
import type { ExecuteBody } from "../../schemas.ts";
import type { ServerContext } from "../../server-options.ts";
import { judge0KindName } from "./kind.ts";
import { languageById } from "./languages.ts";
import { holdLimits, type HeldLimits } from "./limits.ts";
import { programFiles, type ProgramFiles } from "./program-files.ts";
import { FaultList, type FieldErrors } from "./read-fields.ts";
import { lastArchivedId, multiFileId } from "./special-ids.ts";
import { readSubmission, type SubmissionFields } from "./submission-fields.ts";
import type { SubmissionMeta } from "./submission-meta.ts";
import { givenFields } from "./given-fields.ts";
import { unzip } from "./unzip.ts";

export type ToSubmission =
  | { readonly ok: true; readonly submission: Submission }
  | { readonly ok: false; readonly errors: FieldErrors };

/** Of one file of `additional_files`. */
export const maxExtractKib = 10_240;

/** What the zips of one request may still become: a small one can become a large program. */
export interface UnpackRoom {
  bytes: number;
}

/** No more than could have come without a zip. */
export function unpackRoom({ server }: ServerConfig): UnpackRoom {
  return { bytes: server.bodyLimitBytes };
}

/**
 * @param body Whatever the client sent.
 * @param room Is made smaller.
 * @throws {GloveboxError} For what is no fault of a field.
 */
export async function toSubmission(
  context: ServerContext,
  request: FastifyRequest,
  body: unknown,
  isBase64: boolean,
  room: UnpackRoom,
): Promise<ToSubmission> {
  const faults = new FaultList();
  const config = boundsFor(request.caller, context.config);
  const fields = readSubmission(body, isBase64, config.limits, faults);
  const language = checkLanguage(fields, context, faults);
  checkAllowed(fields, language, config, faults);
  const additional = await filesOfZip(fields, config, room, faults);
  if (language === undefined || additional === undefined || !faults.isEmpty) {
    return { ok: false, errors: faults.toErrors() };
  }
  const files = programFiles(fields, language, additional);
  if (files === undefined) {
    faults.add("additional_files", "has no script with the name run");
    return { ok: false, errors: faults.toErrors() };
  }
  const held = heldLimits(fields, language, files, config);
  try {
    const execution = admitFor(context, request, toBody(fields, language, files, held)).request;
    const submission = {
      caller: request.caller,
      kind: judge0KindName,
      language: language.id,
      request: withModes(execution, files.files),
      meta: metaOf(fields, files, held),
      maxRuns: fields.numbers.number_of_runs,
      ...(fields.callbackUrl === undefined ? {} : { callbackUrl: fields.callbackUrl }),
    };
    return { ok: true, submission };
  } catch (error) {
    if (!isGloveboxError(error)) throw error;
    return { ok: false, errors: fieldErrors(error) };
  }
}

function checkLanguage(
  { languageId }: SubmissionFields,
  { service }: ServerContext,
  faults: FaultList,
): LoadedLanguage | undefined {
  const id = languageId ?? 0;
  const language = languageById(service.languages, id);
  if (language !== undefined) return language;
  const isArchived = id >= 1 && id <= lastArchivedId;
  const what = isArchived ? "is archived and cannot be used anymore" : "doesn't exist";
  faults.add("language_id", `language with id ${languageId ?? ""} ${what}`);
  return undefined;
}

function checkAllowed(
  { compilerOptions, enableNetwork, callbackUrl, languageId }: SubmissionFields,
  language: LoadedLanguage | undefined,
  { network, callbacks }: ServerConfig,
  faults: FaultList,
): void {
  const isCompiled = language?.compile !== undefined || languageId === multiFileId;
  if (compilerOptions.text !== undefined && language !== undefined && !isCompiled) {
    const text = "setting compiler options is only allowed for compiled languages";
    faults.add("compiler_options", text);
  }
  if (enableNetwork && !network.allowed.includes("all")) {
    faults.add("enable_network", "enabling network is not allowed");
  }
  const { error } = callbackUrlSchema({ callbacks }).optional().safeParse(callbackUrl);
  for (const { message } of error?.issues ?? []) faults.add("callback_url", message);
}

/** Undefined where there is a fault. */
async function filesOfZip(
  { additionalFiles }: SubmissionFields,
  { server, limits }: ServerConfig,
  room: UnpackRoom,
  faults: FaultList,
): Promise<readonly SandboxFile[] | undefined> {
  if (additionalFiles === undefined) return [];
  if (!faults.isEmpty) return undefined;
  const unzipped = await unzip(additionalFiles, {
    maxFiles: server.maxFiles,
    maxFileBytes: maxExtractKib * 1024,
    maxBytes: Math.min(room.bytes, limits.default.diskBytes),
  });
  if (unzipped.ok) {
    for (const { content } of unzipped.files) room.bytes -= content.byteLength;
    return unzipped.files;
  }
  faults.add("additional_files", unzipped.reason);
  return undefined;
}

function heldLimits(
  { numbers, isNamed }: SubmissionFields,
  language: LoadedLanguage,
  { hasCompileScript }: ProgramFiles,
  { limits: { max } }: ServerConfig,
): HeldLimits {
  const hasCompiler = language.compile !== undefined;
  // Nobody can tell the memory of such a script from that of the program.
  const needs = hasCompileScript
    ? { ...language.limits, memoryBytes: 512_000 * 1024 }
    : language.limits;
  return holdLimits({ numbers, isNamed, needs, hasCompiler, max });
}

function toBody(
  fields: SubmissionFields,
  language: LoadedLanguage,
  { files, artifacts }: ProgramFiles,
  { limits }: HeldLimits,
): ExecuteBody {
  const isCompiled = language.compile !== undefined;
  return {
    language: language.id,
    files: files.map(({ path, content }) => {
      const text = Buffer.from(content).toString("base64");
      return { path, content: text, encoding: "base64" as const };
    }),
    stdin: fields.stdin.toString("base64"),
    stdin_encoding: "base64",
    args: [...fields.commandLineArguments.words],
    limits: { ...limits },
    artifacts: [...artifacts],
    network: fields.enableNetwork ? "all" : "none",
    // Judge0 ends a program whose output is a file that grew too large.
    on_output_limit: "kill",
    ...(isCompiled ? { compile_args: [...fields.compilerOptions.words] } : {}),
  };
}

/** The body can't say that a file is a program, and a zip can. */
function withModes(request: ExecutionRequest, files: readonly SandboxFile[]): ExecutionRequest {
  const { program } = request;
  if (program.kind !== "code") return request;
  const executables = new Set(
    files.flatMap((file) => (file.executable === true ? [file.path] : [])),
  );
  if (executables.size === 0) return request;
  const marked = program.files.map((file) => {
    return executables.has(file.path) ? { ...file, executable: true } : file;
  });
  return { ...request, program: { ...program, files: marked } };
}

function metaOf(
  fields: SubmissionFields,
  { sourcePath }: ProgramFiles,
  { judgedMemoryBytes, memoryBytes }: HeldLimits,
): SubmissionMeta {
  const { languageId = 0, expectedOutput, additionalFiles } = fields;
  return {
    languageId,
    sourcePath,
    expectedOutput: expectedOutput?.toString("base64") ?? null,
    additionalFiles: additionalFiles?.toString("base64") ?? null,
    judgedMemoryBytes,
    fields: givenFields(fields, memoryBytes),
  };
}

const fieldNames: readonly (readonly [RegExp, string])[] = [
  // What is not from the zip has names of ours: where two files are in each other's way, it is the zip's.
  [/^files\[/, "additional_files"],
  [/^(code|files)\b/, "source_code"],
  [/^compile_args\b/, "compiler_options"],
  [/^(args|env)\b/, "command_line_arguments"],
  [/^language$/, "language_id"],
  [/^network$/, "enable_network"],
  [/^limits\.memory_bytes$/, "memory_limit"],
  [/^limits\.cpu_time_ms$/, "cpu_time_limit"],
  [/^limits\.wall_time_ms$/, "wall_time_limit"],
  [/^limits\.processes$/, "max_processes_and_or_threads"],
  [/^limits\.output_bytes$/, "max_file_size"],
];

/** @throws {GloveboxError} The same, where it is about no field. */
function fieldErrors(error: GloveboxError): FieldErrors {
  const faults = new FaultList();
  switch (error.code) {
    case "INVALID_REQUEST":
      for (const { path, message } of (error as GloveboxError<"INVALID_REQUEST">).details.issues) {
        faults.add(fieldName(path), message);
      }
      return faults.toErrors();
    case "NOT_ALLOWED": {
      const { field } = (error as GloveboxError<"NOT_ALLOWED">).details;
      faults.add(fieldName(field), error.message.replace(`${field}: `, ""));
      return faults.toErrors();
    }
    default:
      throw error;
  }
}

/** Rails calls `base` what concerns no field. */
function fieldName(path: string): string {
  return (
    fieldNames.find(([pattern]) => pattern.test(path))?.[1] ?? (path === "stdin" ? path : "base")
  );
}
