/**
 * @module
 * The words that one word becomes: expansions that are not quoted are split at white space, and `"$@"`
 * is as many words as there are arguments.
 */
import { quotePattern } from "./pattern.ts";

export interface Fields {
  /** As it is: no pattern, and not split. An empty one makes a word, too. */
  readonly quoted: (text: string) => void;
  /** Written in the line: it may be a pattern, with `\` before what is none. */
  readonly pattern: (pattern: string) => void;
  /** The value of an expansion: split, and each part may be a pattern. */
  readonly split: (text: string) => void;
  /** The word ends here, and another one begins. */
  readonly next: () => void;
  /** Patterns, with `\` before what is meant as it is. */
  readonly all: () => readonly string[];
}

/** @param separators Each of them ends a word; those of white space in a row are one. */
export function collectFields(separators: string): Fields {
  const done: string[] = [];
  let current: string | undefined;
  const next = (): void => {
    if (current !== undefined) done.push(current);
    current = undefined;
  };
  const append = (pattern: string): void => {
    current = (current ?? "") + pattern;
  };
  return {
    quoted: (text) => {
      append(quotePattern(text));
    },
    pattern: append,
    split: (text) => {
      for (const part of partsOf(text, separators)) {
        if (part === "next") next();
        else append(part.text.replaceAll("\\", "\\\\"));
      }
    },
    next,
    all: () => {
      next();
      return done;
    },
  };
}

type Part = "next" | { readonly text: string };

function partsOf(text: string, separators: string): readonly Part[] {
  if (separators === "") return text === "" ? [] : [{ text }];
  const parts: Part[] = [];
  let word = "";
  let isAfterSpace = false;
  for (const char of text) {
    if (!separators.includes(char)) {
      word += char;
      isAfterSpace = false;
      continue;
    }
    const isSpace = /\s/.test(char);
    if (word !== "") parts.push({ text: word });
    else if (!isSpace && !isAfterSpace) parts.push({ text: "" });
    if (word !== "" || parts.length === 0 || parts.at(-1) !== "next") parts.push("next");
    isAfterSpace = isSpace;
    word = "";
  }
  if (word !== "") parts.push({ text: word });
  return parts;
}
