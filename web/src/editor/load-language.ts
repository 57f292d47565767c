/**
 * @module
 * Grammars, each loaded with the first file that has it.
 */
import type { Extension } from "@codemirror/state";

/** @param highlight As the language's data has it; null where there is no grammar. */
export async function loadLanguage(path: string, highlight: string | null): Promise<Extension> {
  try {
    const { LanguageDescription } = await import("@codemirror/language");
    const { languages } = await import("@codemirror/language-data");
    const byName = LanguageDescription.matchFilename(languages, path.split("/").at(-1) ?? path);
    const byLanguage =
      highlight === null
        ? null
        : LanguageDescription.matchLanguageName(languages, highlight, false);
    const found = byName ?? byLanguage;
    return found === null ? [] : await found.load();
  } catch {
    // The server is being restarted: without colours the text is still there.
    return [];
  }
}
