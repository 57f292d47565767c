/**
 * @module
 * What all doors share: from a request to its report, with one sandbox in between.
 */
import { GloveboxError } from "../core/errors.ts";
import type { LoadedLanguage, Runtime } from "../core/language.ts";
import type { ProbeReport, Provider, ProviderSandbox } from "../core/provider.ts";
import type { SandboxSpec } from "../core/sandbox.ts";
import type { LanguageIndex } from "../languages/index-languages.ts";
import { noTracer } from "../observe/tracer.ts";
import { mapLimited } from "../util/map-limited.ts";
import { ActiveWork } from "./active-work.ts";
import { execute, type Listeners } from "./execute.ts";
import { openSandbox } from "./open-sandbox.ts";
import { namedProvider } from "./named-provider.ts";
import type { LaterExecution } from "./later-execution.ts";
import { languageOf } from "./prepare.ts";
import type {
  ExecutionControl,
  ExecutionReport,
  ExecutionRequest,
  ExecutionSink,
  Turn,
} from "./request.ts";
import { runAsking } from "./permissions/run-asking.ts";
import { RuntimeDetection } from "./runtime-detection.ts";
import { runtimeOf } from "./runtime-of-report.ts";
import { storedImages } from "./runtime-place.ts";
import { Preparer, type Context } from "./preparer.ts";
import type { ServiceOptions } from "./service-options.ts";
import { createSlots } from "./slots.ts";
import type { Slot, Slots, SlotShares, SlotStats } from "./slots.ts";
import { slotRequestOf } from "./slot-request.ts";

/** Each is a sandbox. */
const PARALLEL_DETECTIONS = 4;

type RanListener = (request: ExecutionRequest, report: ExecutionReport) => void;

/** Of who does not say. */
const NOBODY = "nobody";

export class ExecutionService {
  readonly languages: LanguageIndex;
  readonly #options: ServiceOptions;
  readonly #slots: Slots;
  readonly #work = new ActiveWork();
  readonly #runtimes: RuntimeDetection;
  readonly #preparer: Preparer;
  readonly #ranListeners: RanListener[] = [];

  constructor(options: ServiceOptions) {
    this.languages = options.languages;
    this.#options = options;
    this.#slots = createSlots({ ...options, memoryBytes: options.memoryBytes ?? Infinity });
    this.#runtimes = new RuntimeDetection(this.#work, options.ownNodePath);
    this.#preparer = new Preparer(options, this.#runtimes);
  }

  /**
   * Runs a request to its end. Compile and run share one sandbox, whose destruction nobody waits for
   * but its slot and `close`.
   *
   * @param signal Its abort ends the run with the outcome `canceled`.
   * @param onStart Called once the sandbox is there, before the first command; where that one was lost,
   * again with the next.
   * @throws {GloveboxError} `UNKNOWN_LANGUAGE`, `LANGUAGE_NOT_INSTALLED`, `NOT_ALLOWED` for another
   * provider, `INVALID_REQUEST` for an image where there are none, `CAPACITY_EXHAUSTED`,
   * `QUEUE_TIMEOUT`, what `Provider.create` and `ProviderSandbox.exec` throw, `PROVIDER_UNAVAILABLE`
   * after `close`.
   * @throws The reason of `signal`, if it aborts before the sandbox is there.
   */
  async run(
    request: ExecutionRequest,
    sink: ExecutionSink,
    signal: AbortSignal,
    onStart?: (control: ExecutionControl) => void,
  ): Promise<ExecutionReport> {
    // Who asks for what there is not should not have to wait for the answer.
    this.#contextOf(request);
    const { turn = { callerId: NOBODY }, limits, origin } = request;
    const load = (): Promise<ExecutionRequest> => Promise.resolve(request);
    const later = { turn, memoryBytes: limits.memoryBytes, origin, load };
    return this.runLater(later, sink, signal, onStart);
  }

  /**
   * Does what takes long and outlasts a run, beside the slots; see `Provider.deploy`.
   *
   * @throws {GloveboxError} As `run`, before there is a sandbox.
   * @throws The reason of `signal` after its abort.
   */
  async deploy(request: ExecutionRequest, signal: AbortSignal): Promise<void> {
    const context = this.#contextOf(request);
    const { provider } = context;
    if (provider.deploy === undefined) return;
    const { spec, run } = await this.#preparer.prepare(context, signal);
    await provider.deploy(spec, run, signal);
  }

  /**
   * The slot in which `runLater` runs it: until then there is next to nothing of it in memory, and
   * thousands may wait. To be released.
   *
   * @throws {GloveboxError} `CAPACITY_EXHAUSTED`, `QUEUE_TIMEOUT`
   * @throws The reason of `signal`, if it aborts first.
   */
  waitForSlot(
    { turn, memoryBytes }: Omit<LaterExecution, "load">,
    signal: AbortSignal,
  ): Promise<Slot> {
    return this.#slots.acquire(slotRequestOf(turn, memoryBytes), signal);
  }

  /**
   * As `run`, for a request that is loaded when its turn has come.
   *
   * @throws What `load` throws; the slot is free again then.
   */
  async runLater(
    later: LaterExecution,
    sink: ExecutionSink,
    signal: AbortSignal,
    onStart?: (control: ExecutionControl) => void,
  ): Promise<ExecutionReport> {
    const { tracer = noTracer } = this.#options;
    const beganMsAgo = later.slot?.waitedMs ?? 0;
    const options = { parent: later.origin?.trace, beganMsAgo };
    return this.#work.track(signal, async (runSignal) =>
      tracer.span("execution", options, async ({ reference: parent }) => {
        const trace = <T>(step: string, work: () => Promise<T>): Promise<T> =>
          tracer.span(step, { parent }, work);
        if (later.slot !== undefined) tracer.begin("queue", { parent, beganMsAgo }).end();
        return this.#runInTurn(later, { sink, signal: runSignal, onStart, trace });
      }),
    );
  }

  async #runInTurn(later: LaterExecution, listeners: Listeners): Promise<ExecutionReport> {
    const { signal, trace } = listeners;
    const slot = later.slot ?? (await trace("queue", async () => this.waitForSlot(later, signal)));
    try {
      this.#options.metrics?.queueWaited(slot.waitedMs);
      const request = await later.load(slot.waitedMs);
      const run = (each: ExecutionRequest, signal: AbortSignal): Promise<ExecutionReport> =>
        this.#runInSlot(this.#contextOf(each), { ...listeners, signal }, slot);
      const report = await runAsking(request, this.#options.openAsking, run, signal);
      void this.#work.later(() => {
        for (const listener of this.#ranListeners) listener(request, report);
      });
      return report;
    } finally {
      slot.release();
    }
  }

  /**
   * The installed runtimes of the default provider, sorted by language; of several of one language the
   * one first that is used where nobody asks for another, then the newest. Each is asked once for the
   * same programs, one without a version again after a minute, and a failure at once. Only looks: no
   * image is fetched. Its sandboxes are beside the slots: at most as many at a time as there are slots,
   * and none for who asks again.
   */
  async runtimes(signal: AbortSignal): Promise<readonly Runtime[]> {
    const { languages } = this.languages;
    const { provider, concurrency } = this.#options;
    const stored = await storedImages(provider, signal);
    const parallel = Math.min(PARALLEL_DETECTIONS, concurrency);
    const found = await mapLimited(languages, parallel, async (language) =>
      this.#runtimes.findAll(provider, language, stored, signal),
    );
    return found.flat();
  }

  /** Those of one language; see `runtimes`. */
  async runtimesOf(language: LoadedLanguage, signal: AbortSignal): Promise<readonly Runtime[]> {
    const { provider } = this.#options;
    const stored = await storedImages(provider, signal);
    return this.#runtimes.findAll(provider, language, stored, signal);
  }

  /** The first of a language, or null; see `runtimes`. */
  async runtime(language: LoadedLanguage, signal: AbortSignal): Promise<Runtime | null> {
    const [first] = await this.runtimesOf(language, signal);
    return first ?? null;
  }

  /**
   * Makes what the default provider can use to start a language's programs sooner, where it is not
   * there yet.
   *
   * @param image Whose programs are prepared; absent: those that run where nobody asks for a version.
   * @returns False where there is nothing to make.
   * @throws {GloveboxError} See `prepareLanguage`.
   */
  async prepareLanguage(
    language: LoadedLanguage,
    signal: AbortSignal,
    image?: string,
  ): Promise<boolean> {
    return this.#work.track(signal, async (workSignal) =>
      this.#preparer.make(language, workSignal, image),
    );
  }

  /**
   * A sandbox of the default provider, for a caller who runs commands in it and destroys it.
   *
   * @throws {GloveboxError} `CAPACITY_EXHAUSTED`, `QUEUE_TIMEOUT`, `INVALID_REQUEST` for an image where
   * there are none, what `Provider.create` throws, `PROVIDER_UNAVAILABLE` after `close`.
   * @throws The reason of `signal`, if it aborts before the sandbox is there.
   */
  async createSandbox(
    spec: SandboxSpec,
    turn: Turn,
    signal: AbortSignal,
  ): Promise<ProviderSandbox> {
    const opener = { provider: this.#options.provider, slots: this.#slots, work: this.#work };
    return openSandbox(opener, spec, slotRequestOf(turn, spec.limits.memoryBytes), signal);
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

  /** Called after each execution that came to a report. It must not throw. */
  onRan(listener: RanListener): void {
    this.#ranListeners.push(listener);
  }

  /** Where a request without `provider` runs. */
  get defaultProvider(): string {
    return this.#options.provider.name;
  }

  /** @see Provider.programs */
  get defaultPrograms(): Provider["programs"] {
    return this.#options.provider.programs;
  }

  /** Who has a slot, and who waits for one. */
  slotStats(): SlotStats {
    return this.#slots.stats();
  }

  /** The same, by callers. */
  slotShares(): SlotShares {
    return this.#slots.shares();
  }

  async #runInSlot(context: Context, listeners: Listeners, slot: Slot): Promise<ExecutionReport> {
    const { provider, language } = context;
    const { signal, trace } = listeners;
    const prepared = await trace("prepare", async () => this.#preparer.prepare(context, signal));
    const parts = {
      context,
      prepared,
      listeners,
      slot,
      work: this.#work,
      cache: this.#options.compileCache,
    };
    if (language === undefined) return execute(parts);
    const place = { provider, image: prepared.spec.image };
    // Of the programs as they are now, while they run.
    const known = this.#runtimes.known(place, language, signal);
    const report = await execute(parts);
    const ofLanguage = { report, context: { ...context, language }, prepared, known };
    return { ...report, runtime: await runtimeOf(ofLanguage, this.#runtimes, signal) };
  }

  #contextOf(request: ExecutionRequest): Context {
    const { program } = request;
    const language = program.kind === "code" ? languageOf(this.languages, program) : undefined;
    return { provider: namedProvider(this.#options, request.provider), language, request };
  }
}
