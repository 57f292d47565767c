/**
 * @module
 * One run from the command line, from the checked words to the exit code. What makes sandboxes is
 * loaded where no server of this user runs that can do it.
 */
import { homedir } from "node:os";
import { invalidRequest } from "../core/errors.ts";
import { raiseToNeeds } from "../core/limits.ts";
import { openBuiltLanguages } from "../languages/built.ts";
import type { ExecutionReport, ExecutionRequest, Program } from "../service/request.ts";
import { languageDataFolder } from "../util/package-folder.ts";
import { artifactBounds } from "./artifact-bounds.ts";
import { EXIT_OUR_FAILURE } from "./exit.ts";
import type { RunAsking } from "./asking/run-asking.ts";
import { wantAsking } from "./asking/want-asking.ts";
import { watchActedOn } from "./new-acted-on.ts";
import { createOutputGate, type OutputGate } from "./output-gate.ts";
import { openOwnTerminal } from "./own-terminal.ts";
import { ownStdin } from "./own-stdin.ts";
import { resolveProgram } from "./program.ts";
import type { ResolvedProgram } from "./program.ts";
import type { Review } from "./review-changes.ts";
import type { RunForm } from "./run-form.ts";
import type { RunOptions } from "./run-options.ts";
import type { RunParts } from "./run-parts.ts";
import { runOnLocalServer } from "./run-on-server.ts";
import { listenForSignals } from "./signals.ts";

/**
 * @returns The exit code; all output was handed to our streams, and the sandbox is gone, or a server's.
 * @throws {GloveboxError}
 */
export async function runProgram(form: RunForm, options: RunOptions): Promise<number> {
  const languages = once(() => openBuiltLanguages(languageDataFolder()));
  const resolved = await resolveProgram(form, options, {
    cwd: process.cwd(),
    home: homedir(),
    stdin: ownStdin,
    languages,
  });
  const artifacts = artifactsOf(resolved.program, options);
  const out = options.out === undefined ? undefined : await prepareOut(options.out);
  const terminal = options.hasTty ? openOwnTerminal() : undefined;
  const outputGate = createOutputGate();
  using asking = await openAsking(form, resolved, options, outputGate);
  // Up to here there is nothing to tidy up, and a signal may end this process as usual.
  using interruption = listenForSignals();
  const review = await reviewOf(resolved.program, options, interruption.signal);
  let report: ExecutionReport | undefined;
  const parts: RunParts = {
    request: {
      ...(review === undefined ? {} : { changes: review.request }),
      ...createRequest(resolved, options),
      ...(asking === undefined ? {} : { network: asking.network, permissions: asking.permissions }),
      ...artifacts,
      ...(terminal === undefined ? {} : { tty: terminal.size }),
    },
    stdin: resolved.stdin === "used" ? "empty" : once(() => asking?.programInput ?? ownStdin()),
    options,
    out,
    ...(review === undefined ? {} : { review }),
    onReport: (given) => (report = given),
    interruption,
    terminal,
    outputGate,
    newActedOn: watchActedOn(resolved.program.workspace),
    asking,
    languages,
  };
  try {
    const exitCode = await runAnywhere(parts).finally(() => terminal?.[Symbol.dispose]());
    if (report === undefined || review === undefined) return exitCode;
    // Two who read the terminal would each get a part of the answer.
    asking?.[Symbol.dispose]();
    const { isDone } = await review.settle(report);
    return isDone || exitCode !== 0 ? exitCode : EXIT_OUR_FAILURE;
  } finally {
    review?.abandon();
  }
}

async function runAnywhere(parts: RunParts): Promise<number> {
  const exitCode = await runOnLocalServer(parts);
  if (exitCode !== undefined) return exitCode;
  const { runLocally } = await import("./run-locally.ts");
  return runLocally(parts);
}

/**
 * @returns Undefined where nothing is a copy.
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
async function reviewOf(
  program: Program,
  options: RunOptions,
  signal: AbortSignal,
): Promise<Review | undefined> {
  const { workspace } = program;
  if (workspace?.access !== "copy") {
    if (options.changes === undefined) return undefined;
    throw invalidRequest(
      "--workspace",
      "--apply, --apply-all, --keep and --discard are for changes in a copy. Write `--workspace DIR:copy`.",
    );
  }
  const { openReview } = await import("./review-changes.ts");
  return openReview({ folder: workspace.hostPath, command: wordsOf(program), options, signal });
}

function wordsOf(program: Program): string {
  if (program.kind === "command") return program.argv.join(" ");
  return `${program.language} ${program.entry ?? program.files[0]?.path ?? ""}`;
}

/** Loaded only where something may be asked: most runs from scripts ask nothing. */
async function openAsking(
  form: RunForm,
  resolved: ResolvedProgram,
  options: RunOptions,
  outputGate: OutputGate,
): Promise<RunAsking | undefined> {
  const wanted = wantAsking(options.asking, process.env);
  // What was said besides, a file that is allowed say, holds also where nothing is asked about.
  if (wanted.network !== "ask" && wanted.files !== "ask" && !wanted.isExplicit) return undefined;
  if (options.provider !== "auto" && options.provider !== "linux" && !wanted.isExplicit)
    return undefined;
  const { openRunAsking } = await import("./asking/open-asking.ts");
  return openRunAsking({ form, resolved, options, wanted, outputGate });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

async function prepareOut(out: string): Promise<string> {
  const artifacts = await import("./write-artifacts.ts");
  return artifacts.prepareOut(out, process.cwd());
}

function createRequest(
  resolved: ResolvedProgram,
  options: RunOptions,
): Omit<ExecutionRequest, "stdin"> {
  return {
    program: resolved.program,
    args: resolved.args,
    env: options.env,
    limits: raiseToNeeds(options.limits, resolved.language?.limits ?? {}, (name) =>
      options.namedLimits.has(name),
    ),
    onOutputLimit: options.onOutputLimit,
    network: { mode: options.asking.network === "all" ? "all" : "none" },
    enforcement: options.enforcement,
    compileCache: options.compileCache,
    ...(options.image === undefined ? {} : { image: options.image }),
  };
}

/**
 * A folder of the caller has them already, or gets none.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
function artifactsOf(
  { workspace }: Program,
  { artifacts: paths, out }: RunOptions,
): Pick<ExecutionRequest, "artifacts"> {
  if (paths === undefined) return {};
  if (workspace === undefined) return { artifacts: { paths, ...artifactBounds } };
  if (out === undefined) return {};
  const { hostPath, access } = workspace;
  throw invalidRequest(
    "--out",
    access === "ro"
      ? `nothing can be written to the workspace: it is your folder \`${hostPath}\`, read-only. Write \`--workspace DIR:rw\` instead of --out, or give the program as FILE.`
      : access === "copy"
        ? `can't be used together with a copy of \`${hostPath}\`: its changes are shown at the end.`
        : `can't be used where the workspace is a folder of yours, \`${hostPath}\`: what the program writes there is there already.`,
  );
}
