/**
 * @module
 * From the words of `glovebox images` to images: of languages, by their names, and others by their own.
 */
import { isQualifiedImageName } from "../core/image.ts";
import type { LoadedLanguage } from "../core/language.ts";
import type { LanguageIndex } from "../languages/index-languages.ts";
import { invalidRequest } from "../core/errors.ts";
import { unknownLanguage } from "../languages/unknown-language.ts";

export interface ImageTarget {
  readonly image: string;
  /** The languages that it is for; empty: for commands, or nobody knows. */
  readonly languages: readonly string[];
  /** Text of the Dockerfile that makes it; undefined: it is pulled. */
  readonly dockerfile: string | undefined;
}

/** The images of all languages, and the one of commands. */
export function allTargets(
  languages: readonly LoadedLanguage[],
  commandImage: string,
): readonly ImageTarget[] {
  const targets = new Map<string, ImageTarget>();
  for (const { id, image, dockerfileText } of languages) {
    const known = targets.get(image.name);
    targets.set(image.name, {
      image: image.name,
      languages: [...(known?.languages ?? []), id],
      dockerfile: known?.dockerfile ?? dockerfileText,
    });
  }
  if (!targets.has(commandImage)) {
    targets.set(commandImage, { image: commandImage, languages: [], dockerfile: undefined });
  }
  return [...targets.values()];
}

/**
 * Each word is a language or an image; two words for one image count once.
 *
 * @throws {GloveboxError} `UNKNOWN_LANGUAGE`: a word alone is taken for a language, so that a slip of
 * the pen does not fetch a stranger's image.
 */
export function findTargets(
  words: readonly string[],
  index: LanguageIndex,
  all: readonly ImageTarget[],
): readonly ImageTarget[] {
  const found = words.map((word): ImageTarget => {
    const image = index.byName(word)?.image.name ?? imageNamed(word, index);
    const known = all.find((target) => target.image === image);
    return known ?? { image, languages: [], dockerfile: undefined };
  });
  return [...new Map(found.map((target) => [target.image, target])).values()];
}

function imageNamed(word: string, index: LanguageIndex): string {
  if (isQualifiedImageName(word)) return word;
  const small = word.replace(/^[^:@]*(?::[0-9]+\/[^:@]*)?/, (name) => name.toLowerCase());
  if (small !== word && isQualifiedImageName(small)) {
    const message = `\`${word}\`: an image's name has no capitals, but for its tag. Write \`${small}\`.`;
    throw invalidRequest("LANG", message);
  }
  const shown = JSON.stringify(word.slice(0, 80));
  const message = `LANG: no language is called ${shown}, and an image needs its tag: NAME:TAG.`;
  throw unknownLanguage(index, word, message);
}
