/**
 * @module
 * One run from the command line, from the checked words to the exit code.
 */
import { homedir } from "node:os";
import { isGloveboxError } from "../core/errors.ts";
import type { Provider } from "../core/provider.ts";
import { collect } from "../service/collect.ts";
import type { ExecutionReport, ExecutionRequest, ExecutionSink } from "../service/request.ts";
import type { ExecutionService } from "../service/service.ts";
import { createProvider, createService, loadLanguages } from "../app.ts";
import { exitCodeOfAbort, exitCodeOfReport } from "./exit.ts";
import { explainEnd, explainGaps, explainInFull } from "./explain-end.ts";
import { formatJsonReport } from "./json-report.ts";
import { openLiveOutput } from "./live-output.ts";
import { ownStdin, releaseStdin } from "./own-stdin.ts";
import { printNote } from "./print.ts";
import { resolveProgram } from "./program.ts";
import type { ResolvedProgram } from "./program.ts";
import { processWarning } from "./provider-flag.ts";
import type { RunForm } from "./run-form.ts";
import type { RunOptions } from "./run-options.ts";
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
  // Up to here there is nothing to tidy up, and a signal may end this process as usual.
  using interruption = listenForSignals();
  const provider = await createProvider(options.provider);
  if (provider.name === "process" && options.verbosity !== "quiet") printNote(processWarning);

  const stdin = resolved.stdin === "used" ? "empty" : ownStdin();
  const request = createRequest(resolved, options, stdin);
  try {
    return await execute({ provider, request, options, interruption });
  } finally {
    releaseStdin(stdin);
  }
}

interface RunParts {
  readonly provider: Provider;
  readonly request: ExecutionRequest;
  readonly options: RunOptions;
  readonly interruption: Interruption;
}

async function execute(parts: RunParts): Promise<number> {
  const { provider, interruption } = parts;
  const service = createService({ provider });
  let swept: Promise<void> | undefined;
  try {
    const run = parts.options.report === "json" ? runToJson : runLive;
    const running = run(service, parts);
    swept = sweepQuietly(provider);
    return await running;
  } catch (error) {
    // Before there is a sandbox, an abort is thrown; it is how the user ended this, and no failure.
    if (!interruption.signal.aborted || isGloveboxError(error)) throw error;
    return exitCodeOfAbort({ received: interruption.received(), outputClosed: false });
  } finally {
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

async function runLive(service: ExecutionService, parts: RunParts): Promise<number> {
  const { request, interruption } = parts;
  const { stdout, stderr } = process;
  const output = openLiveOutput({ stdout, stderr }, interruption.abort);
  const sink: ExecutionSink = {
    // What a compiler says is not the program's output: it must not get into a pipe after us.
    onOutput: (phase, stream, chunk) =>
      output.write(phase === "compile" ? "stderr" : stream, chunk),
  };
  const report = await service.run(request, sink, interruption.signal, interruption.attach);
  printNotes(report, parts);
  const outputClosed = output.isClosed();
  return exitCodeOfReport(report, { received: interruption.received(), outputClosed });
}

async function runToJson(service: ExecutionService, parts: RunParts): Promise<number> {
  const { request, interruption } = parts;
  const attaching: Pick<ExecutionService, "run"> = {
    run: (wanted, sink, signal) => service.run(wanted, sink, signal, interruption.attach),
  };
  const collected = await collect(attaching, request, interruption.signal);
  const received = interruption.received();
  const exitCode = exitCodeOfReport(collected.report, { received, outputClosed: false });
  process.stdout.write(formatJsonReport(collected, exitCode));
  printNotes(collected.report, parts);
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
    limits: options.limits,
    onOutputLimit: options.onOutputLimit,
    network: options.network,
    enforcement: options.enforcement,
  };
}

function printNotes(report: ExecutionReport, { provider, options }: RunParts): void {
  if (options.verbosity === "quiet") return;
  const notes = [...explainEnd(report, options.limits)];
  if (options.verbosity === "verbose") notes.push(...explainInFull(report, provider.name));
  // The warning about `process` has said it all.
  else if (provider.name !== "process") notes.push(...explainGaps(report.enforcement));
  for (const note of notes) printNote(note);
}
