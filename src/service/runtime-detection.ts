/**
 * @module
 * Remembers which runtime of a language a provider has, so that each is asked for once, and again when
 * its programs changed.
 */
import { isGloveboxError, isSandboxFailure } from "../core/errors.ts";
import type { LoadedLanguage, Runtime } from "../core/language.ts";
import type { Provider } from "../core/provider.ts";
import type { HostProgram } from "../core/sandbox.ts";
import { abortable } from "../util/abortable.ts";
import type { ActiveWork } from "./active-work.ts";
import { toolchainOf } from "./compile-cache/toolchain.ts";
import { isImageName, type StoredImage } from "../core/image.ts";
import { matchesVersion } from "../languages/version.ts";
import { findLentPrograms } from "./lent-programs.ts";
import { isOnThisHost } from "./runtime-on-host.ts";
import { compareRuntimes, newestOf } from "./runtime-order.ts";
import {
  otherPlaces,
  programsOf,
  storedImages,
  taggedPlace,
  usualPlace,
  type RuntimePlace,
} from "./runtime-place.ts";
import { asNotInstalled, detectRuntime, notInstalled } from "./runtimes.ts";

/**
 * How long an answer without a version counts: the program may have been slow, or be there a minute
 * later. Each question is a sandbox beside the slots, and anyone may ask.
 */
const UNSURE_MAX_AGE_MS = 60_000;

/** How often runs look whether their programs are still the same: half a millisecond of looks at files. */
const LOOK_EVERY_MS = 1_000;

/** The programs of a place, as they are now. */
interface Programs {
  readonly lent: readonly HostProgram[];
  /** Changes with them; undefined where nobody can say, as of an image that is not there. */
  readonly mark: string | undefined;
}

interface Answer {
  /** Of the programs that gave it. */
  readonly mark: string;
  readonly runtime: Runtime | null;
  /** Both of `performance.now()`. */
  readonly untilMs: number;
  /** When the programs were looked at last. */
  readonly seenAtMs: number;
}

export class RuntimeDetection {
  readonly #work: ActiveWork;
  readonly #ownNodePath: string;
  readonly #running = new Map<string, Promise<Runtime | null>>();
  /** The last one of each place and language. */
  readonly #answers = new Map<string, Answer>();
  readonly #onHost = new WeakMap<LoadedLanguage, { isThere: boolean; untilMs: number }>();

  constructor(work: ActiveWork, ownNodePath: string) {
    this.#work = work;
    this.#ownNodePath = ownNodePath;
  }

  /**
   * Fetches an image where the provider does. An answer without a version may be a minute old.
   *
   * @throws {GloveboxError} `LANGUAGE_NOT_INSTALLED` with the reason, else see `detectRuntime`.
   */
  async require(
    place: RuntimePlace,
    language: LoadedLanguage,
    signal: AbortSignal,
  ): Promise<Runtime> {
    const programs = await this.#programsAt(place, language, signal);
    const asked = this.#ask(place, language, programs, signal);
    const runtime = await asked.catch((error: unknown) => {
      throw asNotInstalled(place.provider, language, error);
    });
    if (runtime === null) throw notInstalled(place, language);
    return runtime;
  }

  /**
   * Null where it is not installed, also where the image is missing: who only looks must not make it be
   * fetched. An answer without a version may be a minute old.
   *
   * @throws {GloveboxError} See `detectRuntime`.
   */
  async findPresent(
    place: RuntimePlace,
    language: LoadedLanguage,
    signal: AbortSignal,
  ): Promise<Runtime | null> {
    const { provider, image } = place;
    const programs = await this.#programsAt(place, language, signal);
    if (image !== undefined && provider.images !== undefined && programs.mark === undefined) {
      return null;
    }
    return this.#ask(place, language, programs, signal).catch((error: unknown) => {
      // Removed since, or not at the registry that the provider always asks.
      if (isGloveboxError(error) && error.code === "IMAGE_NOT_FOUND") return null;
      throw error;
    });
  }

  /**
   * All that a provider has of a language, the one first that is used where nobody asks for another,
   * then the newest. An answer without a version may be a minute old. What can't be started is left out
   * where it is an image.
   *
   * @param stored The provider's images, see `storedImages`.
   */
  async findAll(
    provider: Provider,
    language: LoadedLanguage,
    stored: readonly StoredImage[],
    signal: AbortSignal,
  ): Promise<readonly Runtime[]> {
    const look = async (place: RuntimePlace): Promise<Runtime[]> => {
      const runtime = await this.#findUsable(place, language, signal);
      return runtime === null ? [] : [runtime];
    };
    const usual = await look(usualPlace(provider, language));
    const others: Runtime[] = [];
    for (const place of otherPlaces(provider, language, stored))
      others.push(...(await look(place)));
    return [...usual, ...others.sort(compareRuntimes)];
  }

  /**
   * Where a language is taken from where nobody asks for a version; asks nobody where there is no choice.
   * Where no image can be started it is one of them: a run there says why.
   */
  async chooseAny(
    provider: Provider,
    language: LoadedLanguage,
    signal: AbortSignal,
  ): Promise<RuntimePlace> {
    const usual = usualPlace(provider, language);
    if (usual.image !== undefined || this.#isOnThisHost(language)) return usual;
    const others = otherPlaces(provider, language, await storedImages(provider, signal));
    const [only] = others;
    if (others.length <= 1) return only ?? usual;
    let broken: RuntimePlace | undefined;
    const ask = async (place: RuntimePlace) =>
      this.#findUsable(place, language, signal, () => (broken ??= place));
    return (await newestOf(others, "*", ask)) ?? broken ?? usual;
  }

  /**
   * The usual place if it has the version that is wanted, else the newest image that has it; undefined
   * where there are only other versions.
   *
   * @param wanted See `matchesVersion`.
   * @throws {GloveboxError} `LANGUAGE_NOT_INSTALLED`
   */
  async chooseVersion(
    provider: Provider,
    language: LoadedLanguage,
    wanted: string,
    signal: AbortSignal,
  ): Promise<RuntimePlace | undefined> {
    const usual = usualPlace(provider, language);
    const ask = async (place: RuntimePlace) => this.#findUsable(place, language, signal);
    const runtime = await ask(usual);
    if (runtime !== null && matchesVersion(wanted, runtime.version)) return usual;
    const places = await this.#versionPlaces(provider, language, wanted, signal);
    const other = await newestOf(places, wanted, ask);
    if (other !== undefined) return other;
    // It is fetched if the provider does that, or says why it can't be used.
    const installed = runtime ?? (await this.require(usual, language, signal));
    return matchesVersion(wanted, installed.version) ? usual : undefined;
  }

  /**
   * What is known already of the programs that are there now, or were a second ago; asks no sandbox.
   * Undefined also where nobody can say whether they changed.
   */
  async known(
    place: RuntimePlace,
    language: LoadedLanguage,
    signal: AbortSignal,
  ): Promise<Runtime | undefined> {
    const last = this.#answers.get(keyOf(place, language));
    if (!isSure(last)) return undefined;
    if (performance.now() < last.seenAtMs + LOOK_EVERY_MS) return last.runtime;
    const programs = await this.#programsAt(place, language, signal).catch(() => undefined);
    const answer = programs && this.#answerOf(place, language, programs);
    return isSure(answer) ? answer.runtime : undefined;
  }

  #isOnThisHost(language: LoadedLanguage): boolean {
    const last = this.#onHost.get(language);
    if (last !== undefined && performance.now() < last.untilMs) return last.isThere;
    const now = { isThere: isOnThisHost(language), untilMs: performance.now() + LOOK_EVERY_MS };
    this.#onHost.set(language, now);
    return now.isThere;
  }

  /** A provider that lists no images may have one with the version as its tag. */
  async #versionPlaces(
    provider: Provider,
    language: LoadedLanguage,
    wanted: string,
    signal: AbortSignal,
  ): Promise<readonly RuntimePlace[]> {
    if (provider.images?.list !== undefined) {
      return otherPlaces(provider, language, await storedImages(provider, signal));
    }
    const tagged = taggedPlace(provider, language, wanted);
    const canBe = provider.images !== undefined && isImageName(tagged.image ?? "");
    return canBe ? [tagged] : [];
  }

  async #programsAt(
    place: RuntimePlace,
    language: LoadedLanguage,
    signal: AbortSignal,
  ): Promise<Programs> {
    const { provider, image } = place;
    const { version, compile = [], run } = language;
    const programs = [version.argv, ...compile, run].flatMap(([program]) => program ?? []);
    return this.#work.track(signal, async (lookSignal) => {
      const lent = await findLentPrograms(programsOf(place), language, this.#ownNodePath);
      const spec = { hostPrograms: lent, ...(image === undefined ? {} : { image }) };
      return { lent, mark: await toolchainOf(provider, spec, programs, lookSignal) };
    });
  }

  /** As `findPresent`, but null for an image that can't be started: others may serve in its place. */
  async #findUsable(
    place: RuntimePlace,
    language: LoadedLanguage,
    signal: AbortSignal,
    onBroken?: () => void,
  ): Promise<Runtime | null> {
    return this.findPresent(place, language, signal).catch((error: unknown) => {
      if (place.image === undefined || !isSandboxFailure(error)) throw error;
      onBroken?.();
      return null;
    });
  }

  async #ask(
    place: RuntimePlace,
    language: LoadedLanguage,
    programs: Programs,
    signal: AbortSignal,
  ): Promise<Runtime | null> {
    const answer = this.#answerOf(place, language, programs);
    if (answer !== undefined) return answer.runtime;
    signal.throwIfAborted();
    const key = `${keyOf(place, language)}/${programs.mark ?? ""}`;
    let running = this.#running.get(key);
    if (running === undefined) {
      running = this.#detect(place, language, programs).finally(() => this.#running.delete(key));
      this.#running.set(key, running);
    }
    return abortable(running, signal);
  }

  async #detect(
    place: RuntimePlace,
    language: LoadedLanguage,
    { lent, mark }: Programs,
  ): Promise<Runtime | null> {
    // Several callers may wait for the answer: none of them can cancel it, only `close` can.
    const runtime = await this.#work.track(new AbortController().signal, (signal) =>
      detectRuntime(place, language, lent, signal),
    );
    if (mark !== undefined) {
      const hasVersion = runtime !== null && runtime.version !== null;
      const seenAtMs = performance.now();
      const untilMs = hasVersion ? Infinity : seenAtMs + UNSURE_MAX_AGE_MS;
      this.#answers.set(keyOf(place, language), { mark, runtime, untilMs, seenAtMs });
    }
    return runtime;
  }

  /** Undefined where there is none, it is too old, or the programs changed. */
  #answerOf(place: RuntimePlace, language: LoadedLanguage, { mark }: Programs): Answer | undefined {
    const key = keyOf(place, language);
    const answer = this.#answers.get(key);
    const nowMs = performance.now();
    if (answer === undefined || answer.mark !== mark || nowMs >= answer.untilMs) return undefined;
    this.#answers.set(key, { ...answer, seenAtMs: nowMs });
    return answer;
  }
}

const keyOf = ({ provider, image = "" }: RuntimePlace, { id }: LoadedLanguage): string =>
  `${provider.name}/${image}/${id}`;

/** Whether it names a version: then it holds as long as the programs are the same. */
function isSure(answer: Answer | undefined): answer is Answer & { readonly runtime: Runtime } {
  return answer !== undefined && answer.runtime !== null && answer.runtime.version !== null;
}
