/**
 * @module
 * Words that a person can paste into a shell.
 */
import { isShownAsItIs } from "./show-untrusted.ts";

/**
 * In quotes where the shell would read it otherwise. What a terminal would not show as it is, is written
 * as `$'…'` of bash and zsh: pasted, it is the same word, and on the screen it hides nothing.
 */
export function shellQuote(word: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
  if (isShownAsItIs(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  const escaped = [...Buffer.from(word)].map((byte) => {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x27 && byte !== 0x5c;
    return isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return `$'${escaped.join("")}'`;
}
