/**
 * @module
 * Text in lines that fit a terminal, with parts of it in bold or dim.
 */

export interface Span {
  readonly text: string;
  readonly style?: "bold" | "dim";
}

export interface WrapOptions {
  /** Columns of one line. */
  readonly width: number;
  readonly color: boolean;
}

const codes = { bold: "\u001b[1m", dim: "\u001b[2m" } as const;
const RESET = "\u001b[0m";

/** Cuts between words, or in a word that is longer than a line; nothing is left out. */
export function wrapSpans(
  spans: readonly Span[],
  { width, color }: WrapOptions,
): readonly string[] {
  const lines: string[] = [];
  let line = "";
  let left = width;
  const endLine = (): void => {
    lines.push(line.replace(/ +$/, ""));
    [line, left] = ["", width];
  };
  for (const { text, style } of spans) {
    const paint = (part: string): string =>
      color && style !== undefined ? `${codes[style]}${part}${RESET}` : part;
    for (const word of text.match(/ +|[^ ]+/g) ?? []) {
      const columns = columnsOf(word);
      if (columns > left && line !== "") endLine();
      if (word.startsWith(" ") && line === "") continue;
      for (const part of cutWord(word, width)) {
        if (columnsOf(part) > left) endLine();
        line += paint(part);
        left -= columnsOf(part);
      }
    }
  }
  endLine();
  return lines;
}

/** Terminals don't agree on the width of all characters: this is the most that any gives them. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += (character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
  return columns;
}

function cutWord(word: string, width: number): readonly string[] {
  const parts = [""];
  for (const character of word) {
    const last = parts.at(-1) ?? "";
    if (last !== "" && columnsOf(last + character) > width) parts.push(character);
    else parts[parts.length - 1] = last + character;
  }
  return parts;
}
