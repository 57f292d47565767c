/**
 * @module
 * Text as one word of a shell's command, which people paste into a terminal.
 */

/** A terminal would take them for keys: Ctrl-C among them ends the word that it is in. */
// eslint-disable-next-line no-control-regex
const KEYS = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;

/** With keys in it, it is `$'…'`, which bash, zsh and POSIX.1-2024 have; else for any sh. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (text.search(KEYS) < 0) return `'${text.replaceAll("'", `'\\''`)}'`;
  // Some shells look for `!` of their history in it, too.
  const escaped = text.replace(/['\\]/g, "\\$&").replaceAll("!", octal);
  return `$'${escaped.replace(KEYS, octal)}'`;
}

/** Of each byte: three digits, so that none of the text's own is taken for one. */
const octal = (key: string): string =>
  [...new TextEncoder().encode(key)]
    .map((byte) => `\\${byte.toString(8).padStart(3, "0")}`)
    .join("");

/** JSON escapes the other ones by itself. */
export const withoutKeys = (json: string): string =>
  json.replace(/[\x7f-\x9f]/g, (key) => `\\u00${key.charCodeAt(0).toString(16)}`);
