/**
 * @module
 * What all doors share: from a request to its report, with one sandbox in between.
 */
import { randomUUID } from "node:crypto";
import { GloveboxError, invalidRequest } from "../core/errors.ts";
import type { Execution } from "../core/execution.ts";
import type { LoadedLanguage, Runtime } from "../core/language.ts";
import type { ProbeReport, Provider, ProviderSandbox } from "../core/provider.ts";
import type { SandboxSpec } from "../core/sandbox.ts";
import type { LanguageIndex } from "../languages/index-languages.ts";
import { matchesVersion } from "../languages/version.ts";
import { ActiveWork } from "./active-work.ts";
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
import { RuntimeDetection } from "./runtime-detection.ts";
import { asNotInstalled, notInstalled } from "./runtimes.ts";
import { joined, remaining } from "./phase-steps.ts";
import { createSlots } from "./slots.ts";
import type { Slot, Slots } from "./slots.ts";

export interface ServiceOptions {
  /** Used where a request names none. */
  readonly provider: Provider;
  /** The others that a request may name. */
  readonly otherProviders?: readonly Provider[];
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

/** What a request is about. */
interface Context {
  readonly provider: Provider;
  /** Undefined for a command. */
  readonly language: LoadedLanguage | undefined;
  readonly request: ExecutionRequest;
}

interface Listeners {
  readonly sink: ExecutionSink;
  readonly signal: AbortSignal;
  readonly onStart: ((control: ExecutionControl) => void) | undefined;
}

export class ExecutionService {
  readonly languages: LanguageIndex;
  readonly #options: ServiceOptions;
  readonly #slots: Slots;
  readonly #work = new ActiveWork();
  readonly #runtimes: RuntimeDetection;

  constructor(options: ServiceOptions) {
    this.languages = options.languages;
    this.#options = options;
    this.#slots = createSlots(options);
    this.#runtimes = new RuntimeDetection(this.#work, options.ownNodePath);
  }

  /**
   * Runs a request to its end. Compile and run share one sandbox, whose destruction nobody waits for
   * but its slot and `close`.
   *
   * @param signal Its abort ends the run with the outcome `canceled`.
   * @param onStart Called once the sandbox is there, before the first command.
   * @throws {GloveboxError} `UNKNOWN_LANGUAGE`, `LANGUAGE_NOT_INSTALLED`, `NOT_ALLOWED` for another
   * provider, `INVALID_REQUEST` for an image where there are none, `CAPACITY_EXHAUSTED`,
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
    const provider = this.#providerOf(request);
    return this.#work.track(signal, async (runSignal) => {
      const slot = await this.#slots.acquire(runSignal);
      try {
        const context = { provider, language, request };
        const prepared = await this.#prepare(context, runSignal);
        const listeners = { sink, signal: runSignal, onStart };
        const report = await this.#execute(context, prepared, listeners, slot);
        if (language === undefined) return report;
        return await this.#withRuntime(report, { ...context, language }, prepared, runSignal);
      } finally {
        slot.release();
      }
    });
  }

  /** The installed runtimes of the default provider, sorted by language; see `runtime`. */
  async runtimes(signal: AbortSignal): Promise<readonly Runtime[]> {
    const found: Runtime[] = [];
    for (const language of this.languages.languages) {
      const runtime = await this.runtime(language, signal);
      if (runtime !== null) found.push(runtime);
    }
    return found;
  }

  /**
   * The default provider's runtime of a language, or null. Asked once; a failure is asked again. Only
   * looks: no image is fetched for it.
   */
  async runtime(language: LoadedLanguage, signal: AbortSignal): Promise<Runtime | null> {
    return this.#runtimes.findPresent(this.#options.provider, language, signal);
  }

  /** @see Provider.probe */
  async probe(): Promise<ProbeReport> {
    return this.#options.provider.probe();
  }

  /**
   * Takes no new work, cancels what runs, and resolves when all of it is gone, and what the providers
   * kept ready. Idempotent.
   */
  async close(): Promise<void> {
    const { provider, otherProviders = [] } = this.#options;
    await this.#work.close(
      new GloveboxError("PROVIDER_UNAVAILABLE", "Glovebox is stopping. Try again later.", {
        provider: provider.name,
        hint: "it is being stopped",
      }),
    );
    await Promise.all([provider, ...otherProviders].map((each) => each.close()));
  }

  #providerOf({ provider: name }: ExecutionRequest): Provider {
    const { provider, otherProviders = [] } = this.#options;
    if (name === undefined) return provider;
    const providers = [provider, ...otherProviders];
    const found = providers.find((candidate) => candidate.name === name);
    if (found !== undefined) return found;
    const names = providers.map((candidate) => `\`${candidate.name}\``).join(", ");
    throw new GloveboxError(
      "NOT_ALLOWED",
      `provider: ${JSON.stringify(name.slice(0, 80))} can't be asked for here, only ${names}. A server's operator adds it to \`allowedProviders\`.`,
      { field: "provider" },
    );
  }

  async #prepare(context: Context, signal: AbortSignal): Promise<PreparedExecution> {
    const { provider, language, request } = context;
    const { program, image } = request;
    if (image !== undefined && provider.programs === "host") {
      const why = `the provider \`${provider.name}\` runs this machine's own programs`;
      throw invalidRequest("image", `${why}. Leave the image out, or use the provider \`docker\``);
    }
    if (program.kind === "command") return prepareCommand(request, program, provider.programs);
    const known = language ?? languageOf(this.languages, program);
    if (image === undefined) {
      await this.#requireVersion(provider, known, program.version ?? "*", signal);
    }
    const lent = await findLentPrograms(provider, known, this.#options.ownNodePath);
    const source = { programs: provider.programs, lent };
    return prepareCode(request, program, known, source, this.#options.compileLimits);
  }

  async #requireVersion(
    provider: Provider,
    language: LoadedLanguage,
    wanted: string,
    signal: AbortSignal,
  ): Promise<void> {
    if (wanted === "*") return;
    const runtime = await this.#runtimes.require(provider, language, signal);
    if (matchesVersion(wanted, runtime.version)) return;
    throw notInstalled(provider, language, { wanted, installed: runtime.version });
  }

  /** @param slot Is released once the sandbox is gone, which nobody who wants the report waits for. */
  async #execute(
    context: Context,
    { spec, compile: compileCommands, run: runCommand }: PreparedExecution,
    { sink, signal, onStart }: Listeners,
    slot: Slot,
  ): Promise<ExecutionReport> {
    const sandbox = await createFor(context, spec, signal);
    try {
      onStart?.({
        kill: (name) => {
          sandbox.kill(name);
        },
        resize: (size) => {
          sandbox.resize(size);
        },
      });
      const phase = { sandbox, sink, signal };
      const base = { id: randomUUID(), enforcement: sandbox.enforcement };
      if (compileCommands === undefined) {
        return { ...base, run: await runPhase("run", runCommand, phase) };
      }
      const compile = await runSteps("compile", compileCommands, phase);
      if (!isSuccess(compile)) return { ...base, compile, run: null };
      return { ...base, compile, run: await runPhase("run", runCommand, phase) };
    } finally {
      slot.keepUntil(this.#work.add(sandbox.destroy()));
    }
  }

  /**
   * Exit code 127 is either the program's own or a runtime that is not there. Only then is the
   * runtime asked for, so that an ordinary run pays nothing for it.
   */
  async #withRuntime(
    report: ExecutionReport,
    { provider, language, request }: Context & { readonly language: LoadedLanguage },
    prepared: PreparedExecution,
    signal: AbortSignal,
  ): Promise<ExecutionReport> {
    // What an image that the caller chose has is the caller's affair.
    if (request.image !== undefined) {
      return { ...report, runtime: { languageId: language.id, version: null } };
    }
    const [last, commands] = lastPhase(report, prepared);
    if (isNotFound(last) && commands.some(({ argv }) => !argv[0]?.includes("/"))) {
      await this.#runtimes.require(provider, language, signal);
    }
    const runtime = this.#runtimes.known(provider, language);
    return { ...report, runtime: runtime ?? { languageId: language.id, version: null } };
  }
}

async function createFor(
  { provider, language, request }: Context,
  spec: SandboxSpec,
  signal: AbortSignal,
): Promise<ProviderSandbox> {
  try {
    return await provider.create(spec, signal);
  } catch (error) {
    // An image that the caller chose is the caller's affair.
    if (language === undefined || request.image !== undefined) throw error;
    throw asNotInstalled(provider, language, error);
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

/** Several commands as one phase: they share its time, and its end is that of the last that ran. */
async function runSteps(
  name: PhaseName,
  commands: readonly PreparedCommand[],
  phase: RunningPhase,
): Promise<Execution> {
  const [first, ...others] = commands;
  if (first === undefined) throw new Error(`${name}: no command`);
  let whole = await runPhase(name, first, phase);
  for (const command of others) {
    if (!isSuccess(whole)) return whole;
    const limits = remaining(command.limits, whole.usage);
    whole = joined(whole, await runPhase(name, { ...command, limits }, phase));
  }
  return whole;
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

const isSuccess = ({ outcome }: Execution): boolean =>
  outcome.kind === "exited" && outcome.exitCode === 0;

const isNotFound = (execution: Execution | undefined): boolean =>
  execution?.outcome.kind === "exited" && execution.outcome.exitCode === 127;
