/**
 * @module
 * Reads what the build made of `languages/`. The build has checked it, so that neither zod nor a
 * YAML parser is loaded here: every start of the CLI would pay for them.
 */
import { readFileSync } from "node:fs";
import { GloveboxError } from "../core/errors.ts";
import type { LoadedLanguage } from "../core/language.ts";

/**
 * @param file `dist/languages.json`.
 * @throws {GloveboxError} `INVALID_CONFIG` where the build is missing or broken.
 */
export function readBuiltLanguages(file: string): readonly LoadedLanguage[] {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as LoadedLanguage[];
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
