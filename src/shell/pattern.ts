/**
 * @module
 * Patterns of a shell, as regular expressions: `*`, `?`, `[a-z]`, and `\` before what is meant as it is.
 */

/** @param isGreedy Whether `*` takes as much as it can. */
export function patternText(pattern: string, { isGreedy }: { readonly isGreedy: boolean }): string {
  let text = "";
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern.charAt(at);
    if (char === "\\") {
      at += 1;
      text += escapeText(pattern.charAt(at));
    } else if (char === "*") {
      // More than one in a row would make the search slow, and means the same.
      while (pattern.charAt(at + 1) === "*") at += 1;
      text += isGreedy ? ".*" : ".*?";
    } else if (char === "?") text += ".";
    else if (char === "[") {
      const set = bracketAt(pattern, at);
      text += set?.text ?? "\\[";
      at = set?.end ?? at;
    } else text += escapeText(char);
  }
  return text;
}

export const patternOf = (pattern: string): RegExp =>
  new RegExp(`^${patternText(pattern, { isGreedy: true })}$`, "su");

export const hasPattern = (text: string): boolean => /(^|[^\\])(\\\\)*[*?[]/.test(text);

/** A word as a pattern that means just it. */
export const quotePattern = (text: string): string => text.replaceAll(/[\\*?[\]]/g, "\\$&");

export const unquotePattern = (pattern: string): string => pattern.replaceAll(/\\(.)/gs, "$1");

const escapeText = (char: string): string => char.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");

const classes: Readonly<Record<string, string>> = {
  alnum: "\\p{L}\\p{N}",
  alpha: "\\p{L}",
  blank: " \\t",
  digit: "0-9",
  lower: "\\p{Ll}",
  punct: "\\p{P}\\p{S}",
  space: "\\s",
  upper: "\\p{Lu}",
  xdigit: "0-9A-Fa-f",
};

/** Undefined where the bracket is not closed: then it is one that stands for itself. */
function bracketAt(
  pattern: string,
  start: number,
): { readonly text: string; readonly end: number } | undefined {
  let at = start + 1;
  const isNot = pattern.charAt(at) === "!" || pattern.charAt(at) === "^";
  if (isNot) at += 1;
  let body = "";
  for (let isFirst = true; at < pattern.length; isFirst = false) {
    const char = pattern.charAt(at);
    if (char === "]" && !isFirst) {
      const text = `[${isNot ? "^" : ""}${body}]`;
      return isValid(text) ? { text, end: at } : undefined;
    }
    const [all, name = ""] = /^\[:([a-z]+):\]/.exec(pattern.slice(at)) ?? [];
    if (all !== undefined && classes[name] !== undefined) {
      body += classes[name];
      at += all.length;
      continue;
    }
    if (char === "\\") at += 1;
    const meant = pattern.charAt(at);
    body += char !== "\\" && meant === "-" ? "-" : meant.replace(/[\\\]^[\-&|~]/, "\\$&");
    at += 1;
  }
  return undefined;
}

/** `[z-a]` has nothing in it. */
function isValid(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}
