/**
 * @module
 * Remembers which runtime of a language a provider has, so that each is asked for once.
 */
import { isGloveboxError } from "../core/errors.ts";
import type { LoadedLanguage, Runtime } from "../core/language.ts";
import type { Provider } from "../core/provider.ts";
import { abortable } from "./active-work.ts";
import type { ActiveWork } from "./active-work.ts";
import { findLentPrograms } from "./own-node.ts";
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
    provider: Provider,
    language: LoadedLanguage,
    signal: AbortSignal,
  ): Promise<Runtime | null> {
    return abortable(this.#shared(provider, language), signal);
  }

  /** @throws {GloveboxError} `LANGUAGE_NOT_INSTALLED` with the reason, else as `find`. */
  async require(
    provider: Provider,
    language: LoadedLanguage,
    signal: AbortSignal,
  ): Promise<Runtime> {
    const runtime = await this.find(provider, language, signal).catch((error: unknown) => {
      throw asNotInstalled(provider, language, error);
    });
    if (runtime === null) throw notInstalled(provider, language);
    return runtime;
  }

  /** As `find`, but null where the image is missing: who only looks must not make it be fetched. */
  async findPresent(
    provider: Provider,
    language: LoadedLanguage,
    signal: AbortSignal,
  ): Promise<Runtime | null> {
    const known = this.known(provider, language);
    if (known !== undefined) return known;
    const { images } = provider;
    if (images !== undefined) {
      const { name } = language.image;
      const image = await this.#work.track(signal, (lookSignal) => images.find(name, lookSignal));
      if (image === undefined) return null;
    }
    return this.find(provider, language, signal).catch((error: unknown) => {
      // Removed since, or not at the registry that the provider always asks.
      if (isGloveboxError(error) && error.code === "IMAGE_NOT_FOUND") return null;
      throw error;
    });
  }

  /** What is known already; asks nobody. */
  known(provider: Provider, language: LoadedLanguage): Runtime | undefined {
    return this.#known.get(keyOf(provider, language));
  }

  #shared(provider: Provider, language: LoadedLanguage): Promise<Runtime | null> {
    const key = keyOf(provider, language);
    const running = this.#detections.get(key);
    if (running !== undefined) return running;
    const detection = this.#detect(provider, language, key);
    this.#detections.set(key, detection);
    return detection;
  }

  async #detect(
    provider: Provider,
    language: LoadedLanguage,
    key: string,
  ): Promise<Runtime | null> {
    try {
      // Several callers may wait for the answer: none of them can cancel it, only `close` can.
      const runtime = await this.#work.track(new AbortController().signal, async (signal) => {
        const lent = await findLentPrograms(provider, language, this.#ownNodePath);
        return detectRuntime(provider, language, lent, signal);
      });
      if (runtime !== null) this.#known.set(key, runtime);
      return runtime;
    } finally {
      // What is missing now can be installed a minute later.
      if (!this.#known.has(key)) this.#detections.delete(key);
    }
  }
}

const keyOf = (provider: Provider, { id }: LoadedLanguage): string => `${provider.name}/${id}`;
