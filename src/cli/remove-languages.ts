/**
 * @module
 * `glovebox languages remove`: takes trees and images of languages away.
 */
import type { ImageStore, StoredImage } from "../core/image.ts";
import type { Provider } from "../core/provider.ts";
import { invalidRequest } from "../core/errors.ts";
import { repositoryOf } from "../service/runtime-place.ts";
import { missingPackages } from "./apt.ts";
import { treeName } from "./debian-tree/tree-name.ts";
import { escapeControls } from "./escape-controls.ts";
import { formatBytes } from "./image-progress.ts";
import { imageOf, type WantedLanguage } from "./install-languages.ts";
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
  if (images === undefined) {
    throw invalidRequest("--provider", `\`${provider.name}\` has no trees or images.`);
  }
  for (const each of wanted) {
    const found = await storedOf(each, images, signal);
    for (const stored of found) await remove(stored, images, signal);
    if (found.length === 0 && !isQuiet) await sayWhatIsThere(each, provider);
  }
  return 0;
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
  if (programs !== "host" || version !== undefined) return;
  const missing = await missingPackages(install.debian);
  if (missing.length > 0) return;
  printNote(`${id} comes from this system's packages: apt-get remove ${install.debian.join(" ")}`);
}
