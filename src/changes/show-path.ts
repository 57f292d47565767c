/**
 * @module
 * Names that a program chose, for people, who read them on a terminal.
 */
import { isUtf8 } from "node:buffer";
import type { BytePath } from "../core/changes.ts";
import { showUntrusted } from "../permissions/show-untrusted.ts";

/**
 * What could act on a terminal, change the order of what is read, or not be seen, is written as `\u{…}`;
 * what is not UTF-8 as `\xNN`.
 */
export function showBytePath(path: BytePath): string {
  if (path === "") return ".";
  const escaped = path.replaceAll("\\", "\\\\");
  const bytes = Buffer.from(escaped, "latin1");
  const text = isUtf8(bytes) ? bytes.toString() : escaped.replace(/[\x80-\xff]/g, byteEscape);
  return showUntrusted(text);
}

/** Text of a file: the same, but with its line feeds and tabs. */
export const showLine = (line: string): string =>
  line.replace(unseen, (char) => (char === "\t" ? char : codeEscape(char)));

const unseen =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

const codeEscape = (char: string): string => `\\u{${char.codePointAt(0)?.toString(16) ?? ""}}`;
const byteEscape = (char: string): string => `\\x${char.charCodeAt(0).toString(16)}`;
