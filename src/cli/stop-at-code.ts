/**
 * @module
 * All words after `-c CODE`, and those after `-c LINE` of a shell, belong to the program. The parser only stops at a word that is no flag,
 * and CODE is a flag's value: without this the program's own arguments could open its sandbox.
 */

export interface KnownFlag {
  readonly short?: string | undefined;
  readonly long?: string | undefined;
  /** Whether the next word is its value. */
  readonly required: boolean;
}

/** Puts a `--` behind the CODE of `-c CODE`, `-cCODE`, `--code CODE` or `--code=CODE`. */
export function stopAtCode(
  words: readonly string[],
  flags: readonly KnownFlag[],
): readonly string[] {
  const end = endOfCode(words, flags);
  if (end === undefined || end >= words.length || words[end] === "--") return words;
  return [...words.slice(0, end), "--", ...words.slice(end)];
}

/** The index behind CODE; undefined where there is none among the flags before the first operand. */
function endOfCode(words: readonly string[], flags: readonly KnownFlag[]): number | undefined {
  for (let index = 0; index < words.length;) {
    const word = words[index] ?? "";
    if (!word.startsWith("-") || word === "-" || word === "--") return undefined;
    const { isCode, hasOwnValue } = readFlag(word, flags);
    const next = index + (hasOwnValue ? 2 : 1);
    if (isCode) return next;
    index = next;
  }
  return undefined;
}

/** A word that starts with a dash: `--long`, `--long=VALUE`, or short flags, the last with its value. */
function readFlag(
  word: string,
  flags: readonly KnownFlag[],
): { readonly isCode: boolean; readonly hasOwnValue: boolean } {
  if (word.startsWith("--")) {
    const [name] = word.split("=");
    const takesValue = flags.some(({ long, required }) => long === name && required);
    return { isCode: name === "--code", hasOwnValue: takesValue && !word.includes("=") };
  }
  for (let at = 1; at < word.length; at++) {
    const name = `-${word[at] ?? ""}`;
    const takesValue = flags.some(({ short, required }) => short === name && required);
    if (takesValue) return { isCode: name === "-c", hasOwnValue: at === word.length - 1 };
  }
  return { isCode: false, hasOwnValue: false };
}
