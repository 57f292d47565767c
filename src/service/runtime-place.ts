/**
 * @module
 * Where the programs of a sandbox come from: this host, or an image of a provider.
 */
import { ownRepository, type StoredImage } from "../core/image.ts";
import type { LoadedLanguage } from "../core/language.ts";
import type { Provider } from "../core/provider.ts";

export interface RuntimePlace {
  readonly provider: Provider;
  /** Undefined: the host's own programs. */
  readonly image: string | undefined;
}

/** Where a language's programs are looked for first. */
export function usualPlace(provider: Provider, language: LoadedLanguage): RuntimePlace {
  return { provider, image: provider.programs === "image" ? language.image.name : undefined };
}

export function programsOf({ image, provider }: RuntimePlace): Provider["programs"] {
  return image === undefined ? provider.programs : "image";
}

/** What a provider has; nothing where others keep theirs there too. */
export async function storedImages(
  { images }: Provider,
  signal: AbortSignal,
): Promise<readonly StoredImage[]> {
  return (await images?.list?.(signal)) ?? [];
}

/** The images of a language among those that are there, besides the usual place, by name. */
export function otherPlaces(
  provider: Provider,
  language: LoadedLanguage,
  stored: readonly StoredImage[],
): readonly RuntimePlace[] {
  const usual = usualPlace(provider, language).image;
  const repositories = [repositoryOf(language.image.name), ownRepository(language.id)];
  return stored
    .filter(({ name }) => name !== usual && repositories.includes(repositoryOf(name)))
    .map(({ name }) => ({ provider, image: name }));
}

/** The image that has this version by its tag, at a provider that lists none. */
export function taggedPlace(
  provider: Provider,
  language: LoadedLanguage,
  version: string,
): RuntimePlace {
  return { provider, image: `${repositoryOf(language.image.name)}:${version.replace(/^v/i, "")}` };
}

/** `python` of `python:3`. */
export function repositoryOf(image: string): string {
  return image.replace(/@.*$/, "").replace(/:[^:/]+$/, "");
}
