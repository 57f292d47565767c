/**
 * @module
 * `glovebox languages remove`: takes trees, images and npm's packages of languages away.
 */
import type { ImageStore, StoredImage } from "../core/image.ts";
import type { Provider } from "../core/provider.ts";
import { invalidRequest } from "../core/errors.ts";
import { repositoryOf } from "../service/runtime-place.ts";
import { dispensablePackages, missingPackages } from "./apt.ts";
import { treeName } from "./debian-tree/tree-name.ts";
import { escapeControls } from "./escape-controls.ts";
import { formatBytes } from "./image-progress.ts";
import { imageOf } from "./install-languages.ts";
import type { WantedLanguage } from "./language-of-file.ts";
import { removeNpmLanguage } from "./npm-remove.ts";
import { printNote } from "./print.ts";

/**
 * Removes what is there and says what that frees. Of all languages, what stays is said in one line.
 *
 * @returns 0; it is no failure that there was nothing.
 * @throws {GloveboxError} `INVALID_REQUEST` for a provider without images.
 * @throws The reason of `signal` after its abort, between two of them.
 */
export async function removeLanguages(
  wanted: readonly WantedLanguage[],
  provider: Provider,
  { isQuiet, isAll }: { readonly isQuiet: boolean; readonly isAll: boolean },
  signal: AbortSignal,
): Promise<number> {
  const { images } = provider;
  if (images === undefined) {
    throw invalidRequest("--provider", `\`${provider.name}\` has no trees or images.`);
  }
  const notRemoved: WantedLanguage[] = [];
  for (const each of wanted) {
    signal.throwIfAborted();
    const isRemoved = await removeOfNpm(each, provider);
    const found = await storedOf(each, images, signal);
    for (const stored of found) {
      await remove(stored, images, signal);
      signal.throwIfAborted();
    }
    if (found.length === 0 && !isRemoved) notRemoved.push(each);
  }
  if (isQuiet) return 0;
  if (isAll) await sayWhatStays(notRemoved, provider);
  else for (const each of notRemoved) await sayWhatIsThere(each, provider);
  return 0;
}

async function removeOfNpm(
  { language, version }: WantedLanguage,
  { programs }: Provider,
): Promise<boolean> {
  if (programs !== "host" || version !== undefined) return false;
  const freed = await removeNpmLanguage(language, process.env);
  if (freed === undefined) return false;
  process.stdout.write(`removed npm's ${language.id} (${formatBytes(freed)})\n`);
  return true;
}

/** Where images can't be listed, those that `install` makes or fetches. */
async function storedOf(
  wanted: WantedLanguage,
  images: ImageStore,
  signal: AbortSignal,
): Promise<readonly StoredImage[]> {
  const { language, version } = wanted;
  const repositories = [treeName(language), language.image.name].map(repositoryOf);
  const all = await images.list?.(signal);
  if (all !== undefined) {
    return all.filter(
      ({ name }) =>
        repositories.includes(repositoryOf(name)) &&
        (version === undefined || name.endsWith(`:${version}`)),
    );
  }
  const found = await images.find(imageOf(wanted), signal);
  return found === undefined ? [] : [found];
}

async function remove(stored: StoredImage, images: ImageStore, signal: AbortSignal): Promise<void> {
  const { name, id, sizeBytes } = stored;
  if (!(await images.remove(name, signal))) return;
  const others = (await images.list?.(signal)) ?? [];
  const sharer = others.find((other) => other.id === id);
  const freed = sharer === undefined ? formatBytes(sizeBytes) : `${sharer.name} still uses it`;
  process.stdout.write(escapeControls(`removed ${name} (${freed})`) + "\n");
}

async function sayWhatIsThere(
  { language, version }: WantedLanguage,
  { programs, name }: Provider,
): Promise<void> {
  const { id, install } = language;
  printNote(
    `${id}${version === undefined ? "" : `@${version}`}: ${name} has no tree or image of it`,
  );
  if (programs !== "host" || version !== undefined || install.debian.length === 0) return;
  if ((await missingPackages(install.debian)).length > 0) return;
  const dispensable = await dispensablePackages(install.debian);
  printNote(
    dispensable.length === 0
      ? `${id} comes from packages that this system or Glovebox itself needs: it stays`
      : `${id} comes from this system's packages; apt shows what else would go: apt-get remove ${dispensable.join(" ")}`,
  );
}

async function sayWhatStays(
  languages: readonly WantedLanguage[],
  { programs }: Provider,
): Promise<void> {
  if (programs !== "host") return;
  const packages = [...new Set(languages.flatMap(({ language }) => language.install.debian))];
  if ((await missingPackages(packages)).length === packages.length) return;
  printNote("what this system's own packages brought stays; name a language to see how it goes");
}
