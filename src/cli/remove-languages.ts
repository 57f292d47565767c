/**
 * @module
 * `glovebox languages remove`: takes trees, images and npm's packages of languages away.
 */
import type { ImageStore, StoredImage } from "../core/image.ts";
import type { Provider } from "../core/provider.ts";
import { invalidRequest } from "../core/errors.ts";
import { repositoryOf } from "../service/runtime-place.ts";
import { missingPackages } from "./apt.ts";
import { treeName } from "./debian-tree/tree-name.ts";
import { escapeControls } from "./escape-controls.ts";
import { formatBytes } from "./image-progress.ts";
import { imageOf } from "./install-languages.ts";
import type { WantedLanguage } from "./language-of-file.ts";
import { removeNpmLanguage } from "./npm-remove.ts";
import { printNote } from "./print.ts";

/**
 * Removes what is there and says what that frees.
 *
 * @returns 0; it is no failure that there was nothing.
 * @throws {GloveboxError} `INVALID_REQUEST` for a provider without images.
 */
export async function removeLanguages(
  wanted: readonly WantedLanguage[],
  provider: Provider,
  { isQuiet }: { readonly isQuiet: boolean },
  signal: AbortSignal,
): Promise<number> {
  const { images } = provider;
  for (const each of wanted) {
    const isRemoved = await removeOfNpm(each, provider);
    if (images === undefined) {
      if (isRemoved) continue;
      throw invalidRequest("--provider", `\`${provider.name}\` has no trees or images.`);
    }
    const found = await storedOf(each, images, signal);
    for (const stored of found) await remove(stored, images, signal);
    if (found.length === 0 && !isRemoved && !isQuiet) await sayWhatIsThere(each, provider);
  }
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
  const missing = await missingPackages(install.debian);
  if (missing.length > 0) return;
  printNote(`${id} comes from this system's packages: apt-get remove ${install.debian.join(" ")}`);
}
