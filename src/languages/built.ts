/**
 * @module
 * Reads what the build made of `languages/`. The build has checked it, so that neither zod nor a
 * YAML parser is loaded here: every start of the CLI would pay for them.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { GloveboxError } from "../core/errors.ts";
import type { LoadedLanguage } from "../core/language.ts";
import { findByShebang, indexLanguages, type LanguageIndex } from "./index-languages.ts";
import { languageFile, namesFile, type LanguageNames } from "./serialize.ts";

/**
 * @param file `dist/languages.json`.
 * @throws {GloveboxError} `INVALID_CONFIG` where the build is missing or broken.
 */
export function readBuiltLanguages(file: string): readonly LoadedLanguage[] {
  return readBuilt(file) as readonly LoadedLanguage[];
}

/**
 * The same languages for who needs one of them: each is read when it is asked for.
 *
 * @param folder `dist/language-data`.
 * @throws {GloveboxError} As `readBuiltLanguages`; so do the methods of what it returns.
 */
export function openBuiltLanguages(folder: string): LanguageIndex {
  const { ids, ...keys } = readBuilt(join(folder, namesFile)) as LanguageNames;
  const read = new Map<string, LoadedLanguage>();
  const load = (id: string): LoadedLanguage => {
    const language = read.get(id) ?? (readBuilt(join(folder, languageFile(id))) as LoadedLanguage);
    read.set(id, language);
    return language;
  };
  const find = (table: Readonly<Record<string, string>>, key: string) => {
    const id = Object.hasOwn(table, key) ? table[key] : undefined;
    return id === undefined ? undefined : load(id);
  };
  let whole: LanguageIndex | undefined;
  const all = (): LanguageIndex => (whole ??= indexLanguages(ids.map(load)));
  return {
    get languages() {
      return all().languages;
    },
    names: ids,
    byName: (name) => find(keys.names, name.toLowerCase()),
    byExtension: (extension) => find(keys.extensions, extension),
    byShebang: (line) => findByShebang(line, (interpreter) => find(keys.shebangs, interpreter)),
    byJudge0: (id) => all().byJudge0(id),
    byPiston: (name, version) => all().byPiston(name, version),
  };
}

function readBuilt(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GloveboxError(
      "INVALID_CONFIG",
      `cannot read the languages of this build, \`${file}\`: ${reason}. Build or install Glovebox anew.`,
      { issues: [{ path: file, message: reason }] },
      { cause: error },
    );
  }
}
