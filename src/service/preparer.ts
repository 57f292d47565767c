/**
 * @module
 * From a request to a prepared execution: where its programs come from, what is lent to it, and what
 * was made beforehand.
 */
import type { AheadCommand } from "../core/command.ts";
import { invalidRequest } from "../core/errors.ts";
import type { LoadedLanguage } from "../core/language.ts";
import type { Provider, ProviderSandbox } from "../core/provider.ts";
import type { SandboxSpec } from "../core/sandbox.ts";
import { findLentPrograms } from "./lent-programs.ts";
import { missingVersion } from "./missing-version.ts";
import { prepareCode, prepareCommand, type PreparedExecution } from "./prepare.ts";
import {
  canPrepare,
  prepareLanguage,
  preparedKey,
  type Preparing,
} from "./prepared/prepare-language.ts";
import type { ExecutionRequest } from "./request.ts";
import type { RuntimeDetection } from "./runtime-detection.ts";
import { programsOf, storedImages, type RuntimePlace } from "./runtime-place.ts";
import { asNotInstalled } from "./runtimes.ts";
import type { ServiceOptions } from "./service-options.ts";

/** What a request is about. */
export interface Context {
  readonly provider: Provider;
  /** Undefined for a command. */
  readonly language: LoadedLanguage | undefined;
  readonly request: ExecutionRequest;
}

type PreparerOptions = Pick<
  ServiceOptions,
  "provider" | "compileLimits" | "ownNodePath" | "preparedStore"
>;

/** It is a quarter of a millisecond of looks at files. */
const KEY_MAX_AGE_MS = 1_000;
/** Callers may choose the images. */
const MAX_KEYS = 256;

export class Preparer {
  readonly #options: PreparerOptions;
  readonly #runtimes: RuntimeDetection;
  readonly #keys = new Map<
    string,
    { readonly key: string | undefined; readonly untilMs: number }
  >();

  constructor(options: PreparerOptions, runtimes: RuntimeDetection) {
    this.#options = options;
    this.#runtimes = runtimes;
  }

  /** @throws {GloveboxError} `INVALID_REQUEST`, `LANGUAGE_NOT_INSTALLED` */
  async prepare(
    { provider, language, request }: Context,
    signal: AbortSignal,
  ): Promise<PreparedExecution> {
    const { program, image } = request;
    if (image !== undefined && provider.images === undefined) {
      const why = `the provider \`${provider.name}\` runs this machine's own programs`;
      throw invalidRequest(
        "image",
        `${why}. Leave the image out, or use the provider \`linux\` or \`docker\``,
      );
    }
    if (program.kind === "command" || language === undefined) {
      if (program.kind !== "command") throw new Error("a program without a language");
      return prepareCommand(request, program, image === undefined ? provider.programs : "image");
    }
    const { compileLimits, ownNodePath } = this.#options;
    const place =
      image === undefined
        ? await this.#choose(provider, language, program.version ?? "*", signal)
        : { provider, image };
    const lent = await findLentPrograms(programsOf(place), language, ownNodePath);
    const prepared = await this.#find({ place, language, lent }, signal);
    const source = { image: place.image, lent, prepared };
    return prepareCode(request, program, language, source, compileLimits);
  }

  /** See `ExecutionService.prepareLanguage`. */
  async make(
    language: LoadedLanguage,
    signal: AbortSignal,
    image: string | undefined,
  ): Promise<boolean> {
    const { provider, preparedStore, ownNodePath } = this.#options;
    if (preparedStore === undefined || language.prepare === undefined) return false;
    if (!canPrepare(provider)) return false;
    const place =
      image === undefined
        ? await this.#runtimes.chooseAny(provider, language, signal)
        : { provider, image };
    if ((await this.#runtimes.findPresent(place, language, signal)) === null) return false;
    const lent = await findLentPrograms(programsOf(place), language, ownNodePath);
    return prepareLanguage({ place, language, lent }, preparedStore, signal);
  }

  /** @throws {GloveboxError} `LANGUAGE_NOT_INSTALLED` with the versions that are there. */
  async #choose(
    provider: Provider,
    language: LoadedLanguage,
    wanted: string,
    signal: AbortSignal,
  ): Promise<RuntimePlace> {
    if (wanted === "*") return this.#runtimes.chooseAny(provider, language, signal);
    let reason: unknown;
    try {
      const place = await this.#runtimes.chooseVersion(provider, language, wanted, signal);
      if (place !== undefined) return place;
    } catch (error) {
      if (signal.aborted) throw error;
      reason = error;
    }
    const stored = await storedImages(provider, signal);
    const found = await this.#runtimes.findAll(provider, language, stored, signal);
    throw missingVersion({ provider, language, wanted, found }, reason);
  }

  async #find(preparing: Preparing, signal: AbortSignal): Promise<string | undefined> {
    const { preparedStore } = this.#options;
    if (preparedStore === undefined || preparing.language.prepare === undefined) return undefined;
    const key = await this.#keyOf(preparing, signal);
    return key === undefined ? undefined : preparedStore.find(key);
  }

  /** A compiler refuses what was made for another: a key may be a moment old. */
  async #keyOf(preparing: Preparing, signal: AbortSignal): Promise<string | undefined> {
    const { place, language } = preparing;
    const of = [place.provider.name, place.image, language.id].join(" ");
    const nowMs = performance.now();
    const known = this.#keys.get(of);
    if (known !== undefined && nowMs < known.untilMs) return known.key;
    const key = await preparedKey(preparing, signal);
    if (this.#keys.size >= MAX_KEYS) this.#keys.clear();
    this.#keys.set(of, { key, untilMs: nowMs + KEY_MAX_AGE_MS });
    return key;
  }
}

/** @throws {GloveboxError} What `Provider.create` throws; `LANGUAGE_NOT_INSTALLED` for a missing image. */
export async function createSandbox(
  { provider, language, request }: Context,
  spec: SandboxSpec,
  signal: AbortSignal,
  ahead: AheadCommand | undefined,
): Promise<ProviderSandbox> {
  try {
    return await provider.create(spec, signal, ahead);
  } catch (error) {
    // An image that the caller chose is the caller's affair.
    if (language === undefined || request.image !== undefined) throw error;
    throw asNotInstalled(provider, language, error);
  }
}
