/**
 * @module
 * The error for a name that no language has.
 */
import { GloveboxError } from "../core/errors.ts";
import type { LanguageIndex } from "./index-languages.ts";

const MAX_SHOWN_CHARS = 80;
/** More names than these would hide the message. */
const MAX_LISTED = 12;
const MAX_DISTANCE = 2;

/** @param message What is wrong; the way out is added. */
export function unknownLanguage(
  { names, byName }: Pick<LanguageIndex, "names" | "byName">,
  name: string,
  message: string,
): GloveboxError<"UNKNOWN_LANGUAGE"> {
  const shown = name.slice(0, MAX_SHOWN_CHARS);
  const similar = names.find((known) => isSimilar(shown.toLowerCase(), known));
  return new GloveboxError("UNKNOWN_LANGUAGE", `${message} ${wayOut(names, similar)}`, {
    language: shown,
    known: names.filter((known) => byName(known) !== undefined),
  });
}

function wayOut(names: readonly string[], similar: string | undefined): string {
  if (similar !== undefined)
    return `Did you mean \`${similar}\`? \`glovebox languages\` lists all.`;
  if (names.length <= MAX_LISTED) return `Known: ${names.join(", ")}.`;
  return `\`glovebox languages\` lists the ${names.length} that are known.`;
}

/** A slip of the pen or two, in a name that is long enough to be recognized. */
function isSimilar(written: string, name: string): boolean {
  const most = Math.min(MAX_DISTANCE, Math.floor(name.length / 3));
  return (
    most > 0 && Math.abs(written.length - name.length) <= most && distance(written, name) <= most
  );
}

/** Of Damerau and Levenshtein: letters to add, drop, change or swap with the next. */
function distance(left: string, right: string): number {
  let before: readonly number[] = [];
  let above: readonly number[] = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let at = 1; at <= left.length; at++) {
    const row = [at];
    for (let to = 1; to <= right.length; to++) {
      const cost = left[at - 1] === right[to - 1] ? 0 : 1;
      const isSwap = left[at - 1] === right[to - 2] && left[at - 2] === right[to - 1];
      const steps = [(row[to - 1] ?? 0) + 1, (above[to] ?? 0) + 1, (above[to - 1] ?? 0) + cost];
      if (isSwap && at > 1 && to > 1) steps.push((before[to - 2] ?? 0) + 1);
      row.push(Math.min(...steps));
    }
    [before, above] = [above, row];
  }
  return above[right.length] ?? 0;
}
