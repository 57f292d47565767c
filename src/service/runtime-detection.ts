/**
 * @module
 * Remembers which runtime of a language a provider has, so that each is asked for once.
 */
import { isGloveboxError } from "../core/errors.ts";
import type { LoadedLanguage, Runtime } from "../core/language.ts";
import type { Provider } from "../core/provider.ts";
import { abortable } from "./active-work.ts";
import type { ActiveWork } from "./active-work.ts";
import { isImageName, type StoredImage } from "../core/image.ts";
import { matchesVersion } from "../languages/version.ts";
import { findLentPrograms, hasOnHost } from "./lent-programs.ts";
import {
  otherPlaces,
  programsOf,
  storedImages,
  taggedPlace,
  usualPlace,
  type RuntimePlace,
} from "./runtime-place.ts";
import { asNotInstalled, detectRuntime, notInstalled } from "./runtimes.ts";

export class RuntimeDetection {
  readonly #work: ActiveWork;
  readonly #ownNodePath: string;
  readonly #detections = new Map<string, Promise<Runtime | null>>();
  /** The installed ones among them, as soon as they are known. */
  readonly #known = new Map<string, Runtime>();

  constructor(work: ActiveWork, ownNodePath: string) {
    this.#work = work;
    this.#ownNodePath = ownNodePath;
  }

  /**
   * Null where it is not installed. A failure is asked again. Fetches an image where the provider does.
   *
   * @throws {GloveboxError} See `detectRuntime`.
   */
  async find(
    place: RuntimePlace,
    language: LoadedLanguage,
    signal: AbortSignal,
  ): Promise<Runtime | null> {
    return abortable(this.#shared(place, language), signal);
  }

  /** @throws {GloveboxError} `LANGUAGE_NOT_INSTALLED` with the reason, else as `find`. */
  async require(
    place: RuntimePlace,
    language: LoadedLanguage,
    signal: AbortSignal,
  ): Promise<Runtime> {
    const runtime = await this.find(place, language, signal).catch((error: unknown) => {
      throw asNotInstalled(place.provider, language, error);
    });
    if (runtime === null) throw notInstalled(place, language);
    return runtime;
  }

  /** As `find`, but null where the image is missing: who only looks must not make it be fetched. */
  async findPresent(
    place: RuntimePlace,
    language: LoadedLanguage,
    signal: AbortSignal,
  ): Promise<Runtime | null> {
    const known = this.known(place, language);
    if (known !== undefined) return known;
    const { provider, image } = place;
    if (image !== undefined && provider.images !== undefined) {
      const { images } = provider;
      const found = await this.#work.track(signal, (lookSignal) => images.find(image, lookSignal));
      if (found === undefined) return null;
    }
    return this.find(place, language, signal).catch((error: unknown) => {
      // Removed since, or not at the registry that the provider always asks.
      if (isGloveboxError(error) && error.code === "IMAGE_NOT_FOUND") return null;
      throw error;
    });
  }

  /**
   * All that a provider has of a language, the one first that is used where nobody asks for another.
   *
   * @param stored The provider's images, see `storedImages`.
   */
  async findAll(
    provider: Provider,
    language: LoadedLanguage,
    stored: readonly StoredImage[],
    signal: AbortSignal,
  ): Promise<readonly Runtime[]> {
    const others = otherPlaces(provider, language, stored);
    const places = [usualPlace(provider, language), ...others];
    const found: Runtime[] = [];
    for (const place of places) {
      const runtime = await this.findPresent(place, language, signal);
      if (runtime !== null) found.push(runtime);
    }
    return found;
  }

  /**
   * Where a language is taken from: the usual place if it has what is wanted, else an image that has it.
   *
   * @param wanted See `matchesVersion`; `*` asks nobody where the language is in its usual place.
   * @throws {GloveboxError} `LANGUAGE_NOT_INSTALLED`
   */
  async choose(
    provider: Provider,
    language: LoadedLanguage,
    wanted: string,
    signal: AbortSignal,
  ): Promise<RuntimePlace> {
    const usual = usualPlace(provider, language);
    if (wanted === "*") {
      if (usual.image !== undefined || hasOnHost(language)) return usual;
      const [first] = otherPlaces(provider, language, await storedImages(provider, signal));
      return first ?? usual;
    }
    const runtime = await this.findPresent(usual, language, signal);
    if (runtime !== null && matchesVersion(wanted, runtime.version)) return usual;
    for (const place of await this.#versionPlaces(provider, language, wanted, signal)) {
      const other = await this.findPresent(place, language, signal);
      if (other !== null && matchesVersion(wanted, other.version)) return place;
    }
    const installed = runtime ?? (await this.require(usual, language, signal));
    if (matchesVersion(wanted, installed.version)) return usual;
    throw notInstalled(usual, language, { wanted, installed: installed.version });
  }

  /** What is known already; asks nobody. */
  known(place: RuntimePlace, language: LoadedLanguage): Runtime | undefined {
    return this.#known.get(keyOf(place, language));
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

  #shared(place: RuntimePlace, language: LoadedLanguage): Promise<Runtime | null> {
    const key = keyOf(place, language);
    const running = this.#detections.get(key);
    if (running !== undefined) return running;
    const detection = this.#detect(place, language, key);
    this.#detections.set(key, detection);
    return detection;
  }

  async #detect(
    place: RuntimePlace,
    language: LoadedLanguage,
    key: string,
  ): Promise<Runtime | null> {
    try {
      // Several callers may wait for the answer: none of them can cancel it, only `close` can.
      const runtime = await this.#work.track(new AbortController().signal, async (signal) => {
        const lent = await findLentPrograms(programsOf(place), language, this.#ownNodePath);
        return detectRuntime(place, language, lent, signal);
      });
      // Without a version it may just have been slow.
      if (runtime !== null && runtime.version !== null) this.#known.set(key, runtime);
      return runtime;
    } finally {
      // What is missing now can be installed a minute later.
      if (!this.#known.has(key)) this.#detections.delete(key);
    }
  }
}

const keyOf = ({ provider, image = "" }: RuntimePlace, { id }: LoadedLanguage): string =>
  `${provider.name}/${image}/${id}`;
