/**
 * @module
 * A run whose sandbox this process makes.
 */
import { defaultCompileCache } from "../config/server-config.ts";
import { isGloveboxError } from "../core/errors.ts";
import type { Provider } from "../core/provider.ts";
import type { ExecutionControl, ExecutionRequest } from "../service/request.ts";
import {
  createProviderQuickly,
  createService,
  openCompileCache,
  openPreparedStore,
} from "../app.ts";
import type { CreateProviderOptions, QuickProvider } from "../app.ts";
import { escapeControls } from "./escape-controls.ts";
import { exitCodeOfAbort } from "./exit.ts";
import { openProgress } from "./image-progress.ts";
import type { ProgressDisplay } from "./image-progress.ts";
import { surviveLostReaders } from "./lost-readers.ts";
import { printNote } from "./print.ts";
import { processWarning } from "./provider-flag.ts";
import { plainKeyWarning } from "./remote-flags.ts";
import { runAndReport } from "./report-run.ts";
import type { OpenedProvider } from "./opened-provider.ts";
import type { RunOptions } from "./run-options.ts";
import type { RunParts } from "./run-parts.ts";

interface LocalParts extends RunParts {
  readonly request: ExecutionRequest;
  /** Undefined where nothing was pulled. */
  readonly pulls: () => ProgressDisplay | undefined;
}

async function openForRun(parts: RunParts): Promise<OpenedProvider> {
  const { options } = parts;
  let pulls: ProgressDisplay | undefined;
  const quick = await openProvider(parts, {
    docker: options.docker,
    ...(options.remote === undefined ? {} : { remote: options.remote }),
    ...(options.provider === "lambda" ? { lambda: lambdaOptionsOf(parts) } : {}),
    ...(options.verbosity === "quiet"
      ? {}
      : {
          onPull: (image, progress) => {
            surviveLostReaders();
            (pulls ??= openProgress(process.stderr)).show(image, progress);
          },
        }),
  });
  return { quick, pulls: () => pulls };
}

/**
 * Does what outlasts the run, see `Provider.deploy`.
 *
 * @returns What the run is to use then.
 * @throws {GloveboxError}
 * @throws The reason of the interruption.
 */
export async function deployLocally(parts: RunParts): Promise<OpenedProvider> {
  const opened = await openForRun(parts);
  const { provider } = opened.quick;
  try {
    // The run closes it.
    const shared = { ...provider, close: () => Promise.resolve() };
    const service = createService({ provider: shared, languages: parts.languages() });
    await service.deploy({ ...parts.request, stdin: "empty" }, parts.interruption.signal);
    return opened;
  } catch (error) {
    await provider.close();
    throw error;
  } finally {
    opened.pulls()?.clear();
  }
}

/**
 * @returns The exit code; all output was handed to our streams, and the sandbox is gone.
 * @throws {GloveboxError}
 */
export async function runLocally(parts: RunParts): Promise<number> {
  const { options } = parts;
  const { quick, pulls } = parts.opened ?? (await openForRun(parts));
  const warning = options.provider === "process" ? processWarning : keyWarning(options);
  if (warning !== undefined && options.verbosity !== "quiet") {
    surviveLostReaders();
    printNote(warning);
  }

  const stdin = parts.stdin === "empty" ? "empty" : parts.stdin();
  const request = { ...parts.request, stdin };
  try {
    const env = await parts.asking?.variables(parts.interruption.signal);
    const asked = { ...request, env: { ...env, ...request.env } };
    return await executeWithBest(quick, { ...parts, request: asked, pulls });
  } finally {
    parts.door.releaseStdin(stdin);
  }
}

/** Nothing takes the place of a plugin's provider. */
async function openProvider(
  { ownProvider, options }: RunParts,
  settings: CreateProviderOptions,
): Promise<QuickProvider> {
  if (ownProvider === undefined) return createProviderQuickly(options.provider, settings);
  return { provider: await ownProvider(), instead: () => Promise.resolve(undefined) };
}

/** What Lambda logs of a command's run, START to REPORT, is news about it, and none of its output. */
function lambdaOptionsOf({ options: { verbosity, report }, packaged }: RunParts) {
  const dependencies = packaged === undefined ? {} : { dependencies: packaged };
  if (verbosity === "quiet" || report === "json") return dependencies;
  return {
    ...dependencies,
    onLog: (log: string) => {
      surviveLostReaders();
      // A program may have written into it, too, and REPORT is told apart by tabs.
      process.stderr.write(log.replaceAll(/[^\n\t]+/g, escapeControls));
    },
  };
}

function keyWarning({ remote }: RunOptions): string | undefined {
  return remote === undefined ? undefined : plainKeyWarning(remote);
}

/** A provider that can't create a sandbox has read nothing and run nothing: the next one may. */
async function executeWithBest(
  { provider, instead }: QuickProvider,
  parts: LocalParts,
): Promise<number> {
  try {
    return await execute(provider, parts);
  } catch (error) {
    if (canDoWithoutAsking(error, parts)) {
      const request = { ...withoutPermissions(parts.request), network: { mode: "none" } as const };
      return executeWithBest({ provider, instead }, { ...parts, request });
    }
    const next = parts.interruption.signal.aborted ? undefined : await instead(error);
    if (next === undefined) throw error;
    if (parts.options.verbosity === "verbose") {
      const reason = error instanceof Error ? error.message : String(error);
      surviveLostReaders();
      printNote(`${next.provider.name} instead of ${provider.name}: ${reason}`);
    }
    return executeWithBest(next, parts);
  }
}

/** Nobody wrote that something is to be asked about, and this machine or provider can't. */
function canDoWithoutAsking(error: unknown, { request, asking }: LocalParts): boolean {
  const isLack = isGloveboxError(error) && error.code === "POLICY_UNENFORCEABLE";
  return isLack && asking?.isExplicit === false && request.permissions !== undefined;
}

function withoutPermissions({ permissions: _, ...request }: ExecutionRequest): ExecutionRequest {
  return request;
}

async function execute(provider: Provider, parts: LocalParts): Promise<number> {
  const { interruption, pulls, terminal } = parts;
  const compileCache = openCompileCache(defaultCompileCache, process.env);
  const preparedStore = openPreparedStore(process.env);
  const languages = parts.languages();
  const service = createService({ provider, languages, compileCache, preparedStore });
  let swept: Promise<void> | undefined;
  try {
    const onStart = (control: ExecutionControl): void => {
      pulls()?.clear();
      interruption.attach(control);
      terminal?.attach(control);
      parts.asking?.attach(control);
      // Beside the program; before it they would only hold it up.
      setImmediate(surviveLostReaders);
      swept ??= sweepQuietly(provider);
    };
    const runner = { run: service.run.bind(service), providerName: provider.name };
    return await runAndReport(runner, parts, onStart);
  } catch (error) {
    // Before there is a sandbox, an abort is thrown; it is how the user ended this, and no failure.
    if (!interruption.signal.aborted || isGloveboxError(error)) throw error;
    return exitCodeOfAbort({ received: interruption.received(), outputClosed: false });
  } finally {
    pulls()?.clear();
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
