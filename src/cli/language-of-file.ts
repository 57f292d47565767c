/**
 * @module
 * Which language a file is in, and what it is called inside.
 */
import { basename, extname } from "node:path";
import { parseFilePath } from "../core/file-path.ts";
import type { LoadedLanguage } from "../core/language.ts";
import { mainFileOf } from "../languages/from-code.ts";
import type { LanguageIndex } from "../languages/index-languages.ts";
import { unknownLanguage } from "../languages/unknown-language.ts";

/** @throws {GloveboxError} `UNKNOWN_LANGUAGE` */
export function languageByName(languages: LanguageIndex, name: string): LoadedLanguage {
  const language = languages.byName(name);
  if (language !== undefined) return language;
  throw unknownLanguage(languages, name, `--language: \`${name}\` is unknown.`);
}

/**
 * The language named by `-l`, else by the `#!` line, else by the extension.
 *
 * @param content The file's first bytes, at least its `#!` line.
 * @throws {GloveboxError} `UNKNOWN_LANGUAGE`
 */
export function languageOfFile(
  languages: LanguageIndex,
  file: string,
  content: Buffer,
  name: string | undefined,
): LoadedLanguage {
  if (name !== undefined) return languageByName(languages, name);
  const language = languages.byShebang(firstLine(content)) ?? languages.byExtension(extname(file));
  if (language !== undefined) return language;
  throw unknownLanguage(
    languages,
    extname(file),
    `FILE: can't tell the language of \`${file}\` by its first line or extension. Add \`-l LANG\`.`,
  );
}

/**
 * The file's path in its workspace: its own name. Compilers tell languages apart by extension, so a
 * source of a compiled language with a foreign one, or a pipe's name, gets the language's usual name.
 */
export function pathInside(language: LoadedLanguage, file: string, content: Buffer): string {
  const name = basename(file);
  const isOwnExtension = language.extensions.includes(extname(name));
  const isUsable = isOwnExtension || language.compile === undefined;
  return isUsable && parseFilePath(name).ok ? name : mainFileOf(language, content);
}

function firstLine(content: Buffer): string {
  const end = content.indexOf("\n");
  return content.toString("utf8", 0, Math.min(end < 0 ? content.byteLength : end, 256));
}
