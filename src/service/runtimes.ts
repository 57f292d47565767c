/**
 * @module
 * Which runtime of a language a provider has: asked by running its version command in a sandbox.
 */
import { Readable } from "node:stream";
import { GloveboxError, isGloveboxError } from "../core/errors.ts";
import type { ErrorDetails } from "../core/errors.ts";
import type { LoadedLanguage, Runtime } from "../core/language.ts";
import { defaultLimits, raiseToNeeds } from "../core/limits.ts";
import type { Provider } from "../core/provider.ts";
import { workspacePath } from "../core/sandbox.ts";
import type { HostProgram } from "../core/sandbox.ts";
import { parseVersion } from "../languages/version.ts";
import { buildEnvironment } from "./environment.ts";
import { foldersOf, isOnHost, lends } from "./lent-programs.ts";
import { isOnThisHost } from "./runtime-on-host.ts";
import { programsOf, type RuntimePlace } from "./runtime-place.ts";

const limits = { wallTimeMs: 5_000, cpuTimeMs: 5_000, outputBytes: 64 * 1024 } as const;

/** Exit codes of a program that is not there, or not for this machine. */
const notInstalledCodes = [126, 127];

/**
 * Asks the provider. Takes at most the time of one sandbox and 5 s; a provider that fetches missing
 * images also takes the time of that.
 *
 * @returns Null where the language is not installed.
 * @throws {GloveboxError} What `Provider.create` throws, `IMAGE_NOT_FOUND` among it.
 */
export async function detectRuntime(
  place: RuntimePlace,
  language: LoadedLanguage,
  lent: readonly HostProgram[],
  signal: AbortSignal,
): Promise<Runtime | null> {
  const { provider, image } = place;
  const { stdin } = language.version;
  const programs = programsOf(place);
  // Of a hundred languages most are not there.
  const hasProgram = (program: string): boolean => lends(lent, program) || isOnHost(program);
  if (programs === "host" && !isOnThisHost(language, hasProgram)) return null;
  const sandbox = await provider.create(
    {
      ...(image === undefined ? {} : { image }),
      policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
      limits: raiseToNeeds(defaultLimits, language.limits, () => false),
      files: [],
      hostPrograms: lent,
      // What runs here is the operator's own program: less isolation harms nobody.
      enforcement: "best-effort",
    },
    signal,
  );
  try {
    const chunks: Buffer[] = [];
    const { outcome } = await sandbox.exec(
      {
        argv: language.version.argv,
        env: buildEnvironment(programs, foldersOf(lent), language.env),
        cwd: workspacePath,
        stdin: stdin === undefined ? "empty" : Readable.from([Buffer.from(stdin)]),
        limits,
        onOutputLimit: "truncate",
        onOutput: (_stream, chunk) => void chunks.push(chunk),
      },
      signal,
    );
    if (outcome.kind === "canceled") signal.throwIfAborted();
    const where = image === undefined ? {} : { image };
    // It is there, and slow today, or broken: a run will show.
    if (outcome.kind !== "exited") return { languageId: language.id, version: null, ...where };
    if (notInstalledCodes.includes(outcome.exitCode)) return null;
    const output = Buffer.concat(chunks).toString("utf8");
    const version = parseVersion(output, language.version.pattern);
    // What is there is only what it is asked through: Java without the language's archive.
    if (version === null && outcome.exitCode !== 0) return null;
    return { languageId: language.id, version, ...where };
  } finally {
    await sandbox.destroy();
  }
}

/** The command that brings a language's runtime to a provider. */
export function installCommand(
  { programs }: Pick<Provider, "programs">,
  { id, dockerfileText }: LoadedLanguage,
): string {
  if (programs !== "image") return `glovebox languages install ${id}`;
  return `glovebox images ${dockerfileText === undefined ? "pull" : "build"} ${id}`;
}

/**
 * What a failure of `Provider.create` is to who asked for a language: an image of it that is not there
 * is a language that is not installed, and why it is not there stays. Every other one is as it was.
 */
export function asNotInstalled(provider: Provider, language: LoadedLanguage, error: unknown) {
  if (!isGloveboxError(error) || error.code !== "IMAGE_NOT_FOUND") return error;
  const { hint: imageHint } = error.details as ErrorDetails["IMAGE_NOT_FOUND"];
  // No registry has an image that is built: advice to pull it would lead nowhere.
  const hint =
    language.dockerfileText === undefined ? imageHint : installCommand(provider, language);
  const reason = error.message.replace(`${provider.name}: `, "").replace(imageHint, () => hint);
  return new GloveboxError(
    "LANGUAGE_NOT_INSTALLED",
    `${language.title} is not installed: ${reason}`,
    { language: language.id, hint },
    { cause: error },
  );
}

/** The error for a language whose runtime is not there. */
export function notInstalled(
  { image, provider }: RuntimePlace,
  language: LoadedLanguage,
): GloveboxError<"LANGUAGE_NOT_INSTALLED"> {
  const { id, title } = language;
  const hint = installCommand(provider, language);
  const isRemote = provider.programs === "remote";
  const message =
    image === undefined
      ? `${title} is not installed on ${isRemote ? "the server. Get it there" : "this host. Get it"}: ${hint}`
      : `${title} is not in the image \`${image}\` that is on this host. Get it anew: ${hint}`;
  return new GloveboxError("LANGUAGE_NOT_INSTALLED", message, { language: id, hint });
}
