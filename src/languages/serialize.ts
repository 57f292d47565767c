/**
 * @module
 * The checked languages as one file, which a start of the CLI reads without a YAML parser.
 */
import type { LoadedLanguage } from "../core/language.ts";

/** JSON, without what only tests need; `readBuiltLanguages` reads it. */
export function serializeLanguages(languages: readonly LoadedLanguage[]): string {
  return `${JSON.stringify(languages.map((language) => ({ ...language, tests: [] })))}\n`;
}
