/**
 * @module
 * What all doors share: from a request to its report, with one sandbox in between.
 */
import { randomUUID } from "node:crypto";
import { GloveboxError } from "../core/errors.ts";
import type { Execution } from "../core/execution.ts";
import type { LoadedLanguage, Runtime } from "../core/language.ts";
import type { ProbeReport, Provider, ProviderSandbox } from "../core/provider.ts";
import type { HostProgram } from "../core/sandbox.ts";
import type { LanguageIndex } from "../languages/index-languages.ts";
import { matchesVersion } from "../languages/version.ts";
import { ActiveWork, abortable } from "./active-work.ts";
import { findLentPrograms } from "./own-node.ts";
import { languageOf, prepareCode, prepareCommand } from "./prepare.ts";
import type { CompileLimits, PreparedCommand, PreparedExecution } from "./prepare.ts";
import type {
  ExecutionControl,
  ExecutionReport,
  ExecutionRequest,
  ExecutionSink,
  PhaseName,
} from "./request.ts";
import { detectRuntime, notInstalled } from "./runtimes.ts";
import { createSlots } from "./slots.ts";
import type { Slots } from "./slots.ts";

export interface ServiceOptions {
  readonly provider: Provider;
  readonly languages: LanguageIndex;
  /** Executions at the same time, at least 1. */
  readonly concurrency: number;
  /** Executions that may wait for a slot. */
  readonly maxQueued: number;
  readonly compileLimits: CompileLimits;
  /** Lent to sandboxes of a host without a Node of its own; absolute, without symbolic links. */
  readonly ownNodePath: string;
}

/** What a command of a phase needs besides itself. */
interface RunningPhase {
  readonly sandbox: ProviderSandbox;
  readonly sink: ExecutionSink;
  readonly signal: AbortSignal;
}

export class ExecutionService {
  readonly languages: LanguageIndex;
  readonly #options: ServiceOptions;
  readonly #slots: Slots;
  readonly #work = new ActiveWork();
  readonly #runtimes = new Map<string, Promise<Runtime | null>>();
  /** The installed ones among them, as soon as they are known. */
  readonly #knownRuntimes = new Map<string, Runtime>();

  constructor(options: ServiceOptions) {
    this.languages = options.languages;
    this.#options = options;
    this.#slots = createSlots(options);
  }

  /**
   * Runs a request to its end. Compile and run share one sandbox, which is gone when this settles.
   *
   * @param signal Its abort ends the run with the outcome `canceled`.
   * @param onStart Called once the sandbox is there, before the first command.
   * @throws {GloveboxError} `UNKNOWN_LANGUAGE`, `LANGUAGE_NOT_INSTALLED`, `CAPACITY_EXHAUSTED`,
   * what `Provider.create` and `ProviderSandbox.exec` throw, `PROVIDER_UNAVAILABLE` after `close`.
   * @throws The reason of `signal`, if it aborts before the sandbox is there.
   */
  async run(
    request: ExecutionRequest,
    sink: ExecutionSink,
    signal: AbortSignal,
    onStart?: (control: ExecutionControl) => void,
  ): Promise<ExecutionReport> {
    const { program } = request;
    const language = program.kind === "code" ? languageOf(this.languages, program) : undefined;
    return this.#work.track(signal, async (runSignal) => {
      const slot = await this.#slots.acquire(runSignal);
      try {
        const prepared = await this.#prepare(request, language, runSignal);
        const report = await this.#execute(prepared, sink, runSignal, onStart);
        if (language === undefined) return report;
        return await this.#withRuntime(report, language, prepared, runSignal);
      } finally {
        slot.release();
      }
    });
  }

  /** The installed runtimes, sorted by language. Asked once each; a failure is asked again. */
  async runtimes(signal: AbortSignal): Promise<readonly Runtime[]> {
    const found: Runtime[] = [];
    for (const language of this.languages.languages) {
      const runtime = await this.runtime(language, signal);
      if (runtime !== null) found.push(runtime);
    }
    return found;
  }

  /** The runtime of one language, or null where it is not installed; see `runtimes`. */
  async runtime(language: LoadedLanguage, signal: AbortSignal): Promise<Runtime | null> {
    return abortable(this.#sharedDetection(language), signal);
  }

  /** @see Provider.probe */
  async probe(): Promise<ProbeReport> {
    return this.#options.provider.probe();
  }

  /** Takes no new work, cancels what runs, and resolves when all of it is gone. Idempotent. */
  async close(): Promise<void> {
    const { name } = this.#options.provider;
    await this.#work.close(
      new GloveboxError("PROVIDER_UNAVAILABLE", "Glovebox is stopping. Try again later.", {
        provider: name,
        hint: "it is being stopped",
      }),
    );
  }

  async #prepare(
    request: ExecutionRequest,
    language: LoadedLanguage | undefined,
    signal: AbortSignal,
  ): Promise<PreparedExecution> {
    const { program } = request;
    if (program.kind === "command") return prepareCommand(request, program);
    const known = language ?? languageOf(this.languages, program);
    await this.#requireVersion(known, program.version ?? "*", signal);
    const lent = await this.#lentTo(known);
    return prepareCode(request, program, known, lent, this.#options.compileLimits);
  }

  async #requireVersion(
    language: LoadedLanguage,
    wanted: string,
    signal: AbortSignal,
  ): Promise<void> {
    if (wanted === "*") return;
    const runtime = await this.runtime(language, signal);
    if (runtime === null) throw notInstalled(language);
    if (matchesVersion(wanted, runtime.version)) return;
    throw notInstalled(language, { wanted, installed: runtime.version });
  }

  async #execute(
    { spec, compile: compileCommand, run: runCommand }: PreparedExecution,
    sink: ExecutionSink,
    signal: AbortSignal,
    onStart: ((control: ExecutionControl) => void) | undefined,
  ): Promise<ExecutionReport> {
    const sandbox = await this.#options.provider.create(spec, signal);
    try {
      onStart?.({
        kill: (name) => {
          sandbox.kill(name);
        },
      });
      const phase = { sandbox, sink, signal };
      const base = { id: randomUUID(), enforcement: sandbox.enforcement };
      if (compileCommand === undefined) {
        return { ...base, run: await runPhase("run", runCommand, phase) };
      }
      const compile = await runPhase("compile", compileCommand, phase);
      if (!isSuccess(compile)) return { ...base, compile, run: null };
      return { ...base, compile, run: await runPhase("run", runCommand, phase) };
    } finally {
      await sandbox.destroy();
    }
  }

  /**
   * Exit code 127 is either the program's own or a runtime that is not there. Only then is the
   * runtime asked for, so that an ordinary run pays nothing for it.
   */
  async #withRuntime(
    report: ExecutionReport,
    language: LoadedLanguage,
    prepared: PreparedExecution,
    signal: AbortSignal,
  ): Promise<ExecutionReport> {
    const [last, command] = lastPhase(report, prepared);
    if (isNotFound(last) && !command.argv[0]?.includes("/")) {
      const runtime = await this.runtime(language, signal);
      if (runtime === null) throw notInstalled(language);
    }
    const runtime = this.#knownRuntimes.get(language.id);
    return { ...report, runtime: runtime ?? { languageId: language.id, version: null } };
  }

  #sharedDetection(language: LoadedLanguage): Promise<Runtime | null> {
    const running = this.#runtimes.get(language.id);
    if (running !== undefined) return running;
    const detection = this.#detect(language);
    this.#runtimes.set(language.id, detection);
    return detection;
  }

  async #detect(language: LoadedLanguage): Promise<Runtime | null> {
    try {
      // Several callers may wait for the answer: none of them can cancel it, only `close` can.
      const runtime = await this.#work.track(neverAborted(), async (signal) =>
        detectRuntime(this.#options.provider, language, await this.#lentTo(language), signal),
      );
      if (runtime !== null) this.#knownRuntimes.set(language.id, runtime);
      return runtime;
    } finally {
      // What is missing now can be installed a minute later.
      if (!this.#knownRuntimes.has(language.id)) this.#runtimes.delete(language.id);
    }
  }

  async #lentTo(language: LoadedLanguage): Promise<readonly HostProgram[]> {
    return findLentPrograms(language, this.#options.ownNodePath);
  }
}

async function runPhase(
  name: PhaseName,
  command: PreparedCommand,
  { sandbox, sink, signal }: RunningPhase,
): Promise<Execution> {
  const onOutput = (stream: "stdout" | "stderr", chunk: Buffer): void | Promise<void> =>
    sink.onOutput(name, stream, chunk);
  return sandbox.exec({ ...command, onOutput }, signal);
}

function lastPhase(
  report: ExecutionReport,
  prepared: PreparedExecution,
): [Execution | undefined, PreparedCommand] {
  if (report.run !== null || prepared.compile === undefined) {
    return [report.run ?? undefined, prepared.run];
  }
  return [report.compile, prepared.compile];
}

const isSuccess = ({ outcome }: Execution): boolean =>
  outcome.kind === "exited" && outcome.exitCode === 0;

const isNotFound = (execution: Execution | undefined): boolean =>
  execution?.outcome.kind === "exited" && execution.outcome.exitCode === 127;

const neverAborted = (): AbortSignal => new AbortController().signal;
