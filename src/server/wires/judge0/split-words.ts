/**
 * @module
 * Splits what Judge0 would hand to a shell into words. No shell ever sees it: nothing is expanded, and
 * `;`, `|`, `$` and their like mean nothing here.
 */

export type Words =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** Unquoted text, a quoted part, an escaped character, white space. What matches none is a fault. */
const piece =
  /(?<space>\s+)|'(?<single>[^']*)'|"(?<double>(?:[^"\\]|\\[^])*)"|\\(?<escaped>[^])|(?<plain>[^\s'"\\]+)/y;

/** With quotes and backslashes as POSIX shells have them (2.2 Quoting). */
export function splitWords(text: string): Words {
  const words: string[] = [];
  let word: string | undefined;
  const matcher = new RegExp(piece);
  while (matcher.lastIndex < text.length) {
    const groups = matcher.exec(text)?.groups;
    if (groups === undefined)
      return { ok: false, reason: "has a quote or a backslash without its end" };
    const { space, single, double, escaped, plain } = groups;
    if (space === undefined) {
      word = (word ?? "") + (single ?? unescapeDouble(double) ?? unescape(escaped) ?? plain ?? "");
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (word !== undefined) words.push(word);
  return { ok: true, words };
}

/** Between double quotes a backslash means something only before these. */
function unescapeDouble(text: string | undefined): string | undefined {
  return text?.replace(/\\([$`"\\\n])/g, (_whole, char: string) => unescape(char) ?? "");
}

/** A backslash at the end of a line joins it with the next. */
function unescape(char: string | undefined): string | undefined {
  return char === "\n" ? "" : char;
}
