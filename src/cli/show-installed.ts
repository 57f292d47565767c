/**
 * @module
 * Shows which runtimes a sandbox has of languages, and makes what lets their programs start sooner.
 */
import { isGloveboxError } from "../core/errors.ts";
import type { Runtime } from "../core/language.ts";
import type { Provider } from "../core/provider.ts";
import { matchesVersion } from "../languages/version.ts";
import { missingVersion } from "../service/missing-version.ts";
import type { ExecutionService } from "../service/service.ts";
import { imageOf } from "./install-languages.ts";
import type { WantedLanguage } from "./language-of-file.ts";
import { printNote } from "./print.ts";

/** Whether a runtime of the language is the one that is meant. */
export type RuntimeFilter = (runtime: Runtime, wanted: WantedLanguage) => boolean;

export interface ShowOptions {
  readonly provider: Provider;
  /** Of these languages alone. */
  readonly service: Pick<ExecutionService, "runtimes" | "prepareLanguage">;
  /** Default: any of the version that is wanted, the usual one first. */
  readonly isMeant?: RuntimeFilter;
}

/**
 * Asks a sandbox for each, prints it, and makes what its data says can be prepared.
 *
 * @returns 1 where one is not there, or not in the version that is wanted, else 0.
 */
export async function showInstalled(
  wanted: readonly WantedLanguage[],
  { provider, service, isMeant = hasVersion }: ShowOptions,
  signal: AbortSignal,
): Promise<number> {
  let exitCode = 0;
  const runtimes = await service.runtimes(signal);
  for (const each of wanted) {
    const { language } = each;
    const found = runtimes.filter(({ languageId }) => languageId === language.id);
    const runtime =
      found.find((it) => isMeant(it, each)) ?? (await taggedRuntime(each, provider, signal));
    if (runtime === undefined) {
      exitCode = 1;
      printNote(reasonOf(each, found, provider));
      continue;
    }
    const isPrepared = await service.prepareLanguage(language, signal, runtime.image);
    process.stdout.write(`${describe(runtime)}${isPrepared ? ", prepared" : ""}\n`);
  }
  return exitCode;
}

const hasVersion: RuntimeFilter = (runtime, { version = "*" }) =>
  matchesVersion(version, runtime.version);

function describe({ languageId, version, image }: Runtime): string {
  const where = image === undefined ? "" : ` (${image})`;
  return `${languageId}${version === null ? "" : ` ${version}`}${where}`;
}

/** Where images can't be listed, the one whose tag is the version. */
async function taggedRuntime(
  wanted: WantedLanguage,
  { images }: Provider,
  signal: AbortSignal,
): Promise<Runtime | undefined> {
  const { language, version } = wanted;
  if (version === undefined || images === undefined || images.list !== undefined) return undefined;
  const image = imageOf(wanted);
  const stored = await images.find(image, signal);
  return stored === undefined ? undefined : { languageId: language.id, version, image };
}

function reasonOf(
  { language, version }: WantedLanguage,
  found: readonly Runtime[],
  provider: Provider,
): string {
  if (version === undefined) return `${language.id}: still not found in a sandbox`;
  const error = missingVersion({ provider, language, wanted: version, found });
  return isGloveboxError(error) ? error.message : String(error);
}
