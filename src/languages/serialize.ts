/**
 * @module
 * The checked languages as files, which a start of the CLI reads without a YAML parser.
 */
import type { LoadedLanguage } from "../core/language.ts";

/** JSON, without what only tests need; `readBuiltLanguages` reads it. */
export function serializeLanguages(languages: readonly LoadedLanguage[]): string {
  return `${JSON.stringify(languages.map(withoutTests))}\n`;
}

/** What `openBuiltLanguages` reads: who is called what. Ids by what they are found by. */
export interface LanguageNames {
  /** All ids, sorted. */
  readonly ids: readonly string[];
  /** Ids and aliases. */
  readonly names: Readonly<Record<string, string>>;
  readonly extensions: Readonly<Record<string, string>>;
  readonly shebangs: Readonly<Record<string, string>>;
}

/** The name of the file that has `LanguageNames`; no id of a language looks like it. */
export const namesFile = "_names.json";

/**
 * The same languages, a file each: who runs one program needs one of them.
 *
 * @returns Contents by the names of their files.
 */
export function serializeEach(
  languages: readonly LoadedLanguage[],
): Readonly<Record<string, string>> {
  const idsBy = (keysOf: (language: LoadedLanguage) => readonly string[]) =>
    Object.fromEntries(
      languages.flatMap((language) => keysOf(language).map((key) => [key, language.id])),
    );
  const names: LanguageNames = {
    ids: languages.map(({ id }) => id).sort(),
    names: idsBy(({ id, aliases }) => [id, ...aliases]),
    extensions: idsBy((language) => language.extensions),
    shebangs: idsBy((language) => language.shebangs),
  };
  const files = languages.map((language): [string, string] => [
    languageFile(language.id),
    `${JSON.stringify(withoutTests(language))}\n`,
  ]);
  return { ...Object.fromEntries<string>(files), [namesFile]: `${JSON.stringify(names)}\n` };
}

/** The name of the file that has one language. */
export function languageFile(id: string): string {
  return `${id}.json`;
}

const withoutTests = (language: LoadedLanguage): LoadedLanguage => ({ ...language, tests: [] });
