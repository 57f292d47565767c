/**
 * @module
 * One run from the command line, from the checked words to the exit code.
 */
import { homedir } from "node:os";
import { defaultCompileCache } from "../config/server-config.ts";
import { invalidRequest, isGloveboxError } from "../core/errors.ts";
import { raiseToNeeds } from "../core/limits.ts";
import type { Provider } from "../core/provider.ts";
import { collect } from "../service/collect.ts";
import type {
  ExecutionControl,
  ExecutionReport,
  ExecutionRequest,
  ExecutionSink,
  Program,
} from "../service/request.ts";
import type { ExecutionService } from "../service/service.ts";
import {
  createProviderQuickly,
  createService,
  loadLanguages,
  openCompileCache,
  openPreparedStore,
} from "../app.ts";
import type { QuickProvider } from "../app.ts";
import { exitCodeOfAbort, exitCodeOfReport } from "./exit.ts";
import { explainEnd, explainGaps, explainInFull } from "./explain-end.ts";
import { openProgress } from "./image-progress.ts";
import type { ProgressDisplay } from "./image-progress.ts";
import { formatJsonReport } from "./json-report.ts";
import { openLiveOutput } from "./live-output.ts";
import { openOwnTerminal } from "./own-terminal.ts";
import type { OwnTerminal } from "./own-terminal.ts";
import { ownStdin, releaseStdin } from "./own-stdin.ts";
import { printNote } from "./print.ts";
import { resolveProgram } from "./program.ts";
import type { ResolvedProgram } from "./program.ts";
import { processWarning } from "./provider-flag.ts";
import { plainKeyWarning } from "./remote-flags.ts";
import type { RunForm } from "./run-form.ts";
import type { RunOptions } from "./run-options.ts";
import { artifactBounds, prepareOut, writeArtifacts } from "./write-artifacts.ts";
import { listenForSignals } from "./signals.ts";
import type { Interruption } from "./signals.ts";

/**
 * @returns The exit code; all output was handed to our streams, and the sandbox is gone.
 * @throws {GloveboxError}
 */
export async function runProgram(form: RunForm, options: RunOptions): Promise<number> {
  const resolved = await resolveProgram(form, options, {
    cwd: process.cwd(),
    home: homedir(),
    stdin: ownStdin,
    languages: loadLanguages,
  });
  const artifacts = artifactsOf(resolved.program, options);
  const out = options.out === undefined ? undefined : await prepareOut(options.out, process.cwd());
  const terminal = options.hasTty ? openOwnTerminal() : undefined;
  // Up to here there is nothing to tidy up, and a signal may end this process as usual.
  using interruption = listenForSignals();
  const pulls = openProgress(process.stderr);
  const quick = await createProviderQuickly(options.provider, {
    docker: options.docker,
    ...(options.remote === undefined ? {} : { remote: options.remote }),
    ...(options.verbosity === "quiet"
      ? {}
      : { onPull: (image, progress) => pulls.show(image, progress) }),
  });
  const warning = options.provider === "process" ? processWarning : keyWarning(options);
  if (warning !== undefined && options.verbosity !== "quiet") printNote(warning);

  const stdin = resolved.stdin === "used" ? "empty" : ownStdin();
  const request = {
    ...createRequest(resolved, options, stdin),
    ...artifacts,
    ...(terminal === undefined ? {} : { tty: terminal.size }),
  };
  try {
    return await executeWithBest(quick, { request, options, out, interruption, pulls, terminal });
  } finally {
    terminal?.[Symbol.dispose]();
    releaseStdin(stdin);
  }
}

function keyWarning({ remote }: RunOptions): string | undefined {
  return remote === undefined ? undefined : plainKeyWarning(remote);
}

interface RunParts {
  readonly terminal: OwnTerminal | undefined;
  readonly provider: Provider;
  readonly request: ExecutionRequest;
  readonly options: RunOptions;
  /** The empty folder of `--out`. */
  readonly out: string | undefined;
  readonly interruption: Interruption;
  readonly pulls: ProgressDisplay;
}

/** A provider that can't create a sandbox has read nothing and run nothing: the next one may. */
async function executeWithBest(
  { provider, instead }: QuickProvider,
  parts: Omit<RunParts, "provider">,
): Promise<number> {
  try {
    return await execute({ ...parts, provider });
  } catch (error) {
    const next = parts.interruption.signal.aborted ? undefined : await instead(error);
    if (next === undefined) throw error;
    if (parts.options.verbosity === "verbose") {
      const reason = error instanceof Error ? error.message : String(error);
      printNote(`${next.provider.name} instead of ${provider.name}: ${reason}`);
    }
    return executeWithBest(next, parts);
  }
}

async function execute(parts: RunParts): Promise<number> {
  const { provider, interruption, pulls, terminal } = parts;
  const compileCache = openCompileCache(defaultCompileCache, process.env);
  const preparedStore = openPreparedStore(process.env);
  const service = createService({ provider, compileCache, preparedStore });
  let swept: Promise<void> | undefined;
  try {
    const run = parts.options.report === "json" ? runToJson : runLive;
    const onStart = (control: ExecutionControl): void => {
      pulls.clear();
      interruption.attach(control);
      terminal?.attach(control);
    };
    const running = run(service, parts, onStart);
    swept = sweepQuietly(provider);
    return await running;
  } catch (error) {
    // Before there is a sandbox, an abort is thrown; it is how the user ended this, and no failure.
    if (!interruption.signal.aborted || isGloveboxError(error)) throw error;
    return exitCodeOfAbort({ received: interruption.received(), outputClosed: false });
  } finally {
    pulls.clear();
    await service.close();
    await swept;
  }
}

/** It goes on beside the run; a short run waits for it at most so long. */
const SWEEP_TIMEOUT_MS = 500;

/** Tidies up after runs that were killed: where no server is ever started, nobody else would. */
async function sweepQuietly(provider: Provider): Promise<void> {
  try {
    await provider.sweep(AbortSignal.timeout(SWEEP_TIMEOUT_MS));
  } catch {
    // What others left is no news about this run.
  }
}

type OnStart = (control: ExecutionControl) => void;

async function runLive(
  service: ExecutionService,
  parts: RunParts,
  onStart: OnStart,
): Promise<number> {
  const { request, interruption } = parts;
  const { stdout, stderr } = process;
  const output = openLiveOutput({ stdout, stderr }, interruption.abort);
  const sink: ExecutionSink = {
    // What a compiler says is not the program's output: it must not get into a pipe after us.
    onOutput: (phase, stream, chunk) =>
      output.write(phase === "compile" ? "stderr" : stream, chunk),
  };
  const report = await service.run(request, sink, interruption.signal, onStart);
  printNotes(report, parts);
  await bringOut(report, parts);
  const outputClosed = output.isClosed();
  return exitCodeOfReport(report, { received: interruption.received(), outputClosed });
}

async function runToJson(
  service: ExecutionService,
  parts: RunParts,
  onStart: OnStart,
): Promise<number> {
  const { request, interruption } = parts;
  const attaching: Pick<ExecutionService, "run"> = {
    run: (wanted, sink, signal) => service.run(wanted, sink, signal, onStart),
  };
  const collected = await collect(attaching, request, interruption.signal);
  const received = interruption.received();
  const exitCode = exitCodeOfReport(collected.report, { received, outputClosed: false });
  process.stdout.write(formatJsonReport(collected, exitCode));
  printNotes(collected.report, parts);
  await bringOut(collected.report, parts);
  return exitCode;
}

function createRequest(
  resolved: ResolvedProgram,
  options: RunOptions,
  stdin: ExecutionRequest["stdin"],
): ExecutionRequest {
  return {
    program: resolved.program,
    args: resolved.args,
    env: options.env,
    stdin,
    limits: raiseToNeeds(options.limits, resolved.language?.limits ?? {}, (name) =>
      options.namedLimits.has(name),
    ),
    onOutputLimit: options.onOutputLimit,
    network: options.network,
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
      : `can't be used where the workspace is a folder of yours, \`${hostPath}\`: what the program writes there is there already.`,
  );
}

async function bringOut(
  { artifacts, run }: ExecutionReport,
  { out: folder, provider, request, options }: RunParts,
): Promise<void> {
  if (folder === undefined || run === null) return;
  const paths = request.artifacts?.paths ?? [];
  const notes =
    artifacts === undefined
      ? ["brought no files back: they went with the sandbox that was ended"]
      : await writeArtifacts(artifacts, { folder, paths, provider: provider.name });
  if (options.verbosity !== "quiet") notes.forEach(printNote);
}

function printNotes(report: ExecutionReport, { provider, request, options }: RunParts): void {
  if (options.verbosity === "quiet") return;
  const notes = [...explainEnd(report, request.limits)];
  if (options.verbosity === "verbose") notes.push(...explainInFull(report, provider.name));
  // The warning about `process` has said it all.
  else if (provider.name !== "process") notes.push(...explainGaps(report.enforcement));
  for (const note of notes) printNote(note);
}
