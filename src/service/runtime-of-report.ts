/**
 * @module
 * Which runtime an execution had, for its report.
 */
import type { Execution } from "../core/execution.ts";
import type { LoadedLanguage, Runtime } from "../core/language.ts";
import type { PreparedCommand, PreparedExecution } from "./prepare.ts";
import type { Context } from "./preparer.ts";
import type { ExecutionReport } from "./request.ts";
import type { RuntimeDetection } from "./runtime-detection.ts";

export interface ReportedExecution {
  readonly report: ExecutionReport;
  readonly context: Context & { readonly language: LoadedLanguage };
  readonly prepared: PreparedExecution;
  /** Of the programs as they were when it began. */
  readonly known: Promise<Runtime | undefined>;
}

/**
 * Exit code 127 is either the program's own or a runtime that is not there. Only then is the
 * runtime asked for, so that an ordinary run pays nothing for it.
 *
 * @throws {GloveboxError} `LANGUAGE_NOT_INSTALLED`
 */
export async function runtimeOf(
  { report, context, prepared, known }: ReportedExecution,
  runtimes: RuntimeDetection,
  signal: AbortSignal,
): Promise<Runtime> {
  const { provider, language, request } = context;
  const unknown = { languageId: language.id, version: null };
  // What an image that the caller chose has is the caller's affair.
  if (request.image !== undefined) return unknown;
  const place = { provider, image: prepared.spec.image };
  const [last, commands] = lastPhase(report, prepared);
  if (isNotFound(last) && commands.some(({ argv }) => !argv[0]?.includes("/"))) {
    return runtimes.require(place, language, signal);
  }
  return (await known) ?? unknown;
}

function lastPhase(
  report: ExecutionReport,
  prepared: PreparedExecution,
): [Execution | undefined, readonly PreparedCommand[]] {
  if (report.run !== null || prepared.compile === undefined) {
    return [report.run ?? undefined, [prepared.run]];
  }
  return [report.compile, prepared.compile];
}

const isNotFound = (execution: Execution | undefined): boolean =>
  execution?.outcome.kind === "exited" && execution.outcome.exitCode === 127;
