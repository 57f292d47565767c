/**
 * @module
 * Which language a file is in, in which version, and what it is called inside.
 */
import { basename, extname } from "node:path";
import { invalidRequest, type GloveboxError } from "../core/errors.ts";
import { parseFilePath } from "../core/file-path.ts";
import type { LoadedLanguage } from "../core/language.ts";
import { mainFileOf } from "../languages/from-code.ts";
import type { LanguageIndex } from "../languages/index-languages.ts";
import { unknownLanguage } from "../languages/unknown-language.ts";

/** A language as people write it: `python`, `python@3.13`. */
export interface WantedLanguage {
  readonly language: LoadedLanguage;
  /** As `ExecutionRequest` has it; absent: any. */
  readonly version?: string;
}

const MAX_VERSION_CHARS = 64;

/**
 * `python`, `python@3.13`, `python@*`, also `python3.13` and `python:3.13`. No name of a language has an `@`.
 *
 * @param field Flag or operand, for the message.
 * @throws {GloveboxError} `UNKNOWN_LANGUAGE`; `INVALID_REQUEST` for an `@` without a version.
 */
export function parseLanguage(
  field: string,
  word: string,
  languages: LanguageIndex,
): WantedLanguage {
  const spelled = languages.byName(word) === undefined ? withAt(word, languages) : word;
  const at = spelled.indexOf("@", 1);
  const name = at < 0 ? spelled : spelled.slice(0, at);
  const language = languages.byName(name);
  if (language === undefined) {
    throw unknownLanguage(languages, name, `${field}: \`${name}\` is unknown.`);
  }
  if (at < 0) return { language };
  const version = spelled.slice(at + 1);
  if (version === "" || version.length > MAX_VERSION_CHARS) throw noVersion(field, word, language);
  return { language, version };
}

/** `python3.13` and `python-3.13` are `python@3.13`; every other word is itself. */
function withAt(word: string, languages: LanguageIndex): string {
  const [, name = "", version = ""] = /^([^@]+?)[-:]?(\d+(?:\.\d+)+)$/.exec(word) ?? [];
  return languages.byName(name) === undefined ? word : `${name}@${version}`;
}

/** The error for a word whose `@` is followed by no version. */
export function noVersion(
  field: string,
  word: string,
  { id }: LoadedLanguage,
): GloveboxError<"INVALID_REQUEST"> {
  return invalidRequest(field, `\`${word}\`: after @ comes a version: ${id}@3.13.`);
}

/**
 * The language named by `-l`, else by the `#!` line, else by the extension.
 *
 * @param content The file's first bytes, at least its `#!` line.
 * @throws {GloveboxError} `UNKNOWN_LANGUAGE`, and what `parseLanguage` throws.
 */
export function languageOfFile(
  languages: LanguageIndex,
  file: string,
  content: Buffer,
  word: string | undefined,
): WantedLanguage {
  if (word !== undefined) return parseLanguage("--language", word, languages);
  const language = languages.byShebang(firstLine(content)) ?? languages.byExtension(extname(file));
  if (language !== undefined) return { language };
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
