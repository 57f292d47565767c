/**
 * @module
 * `{a,b}` and `{1..3}`: one word that stands for several, before anything else of it is looked at.
 */
import { invalidRequest } from "../core/errors.ts";

const maxWords = 10_000;

/**
 * @param text A word as it was written.
 * @throws {GloveboxError} `INVALID_REQUEST` for more words than a command can take.
 */
export function expandBraces(text: string): readonly string[] {
  const brace = firstBrace(text);
  if (brace === undefined) return [text];
  const before = text.slice(0, brace.start);
  const after = expandBraces(text.slice(brace.end + 1));
  const words = brace.choices.flatMap((choice) =>
    expandBraces(choice).flatMap((inside) => after.map((rest) => before + inside + rest)),
  );
  if (words.length > maxWords) {
    throw invalidRequest(`\`${text}\``, `stands for more than ${maxWords} words.`);
  }
  return words;
}

interface Brace {
  readonly start: number;
  readonly end: number;
  readonly choices: readonly string[];
}

/** Undefined: there is none that stands for several words. */
function firstBrace(text: string): Brace | undefined {
  for (let start = nextOpen(text, 0); start >= 0; start = nextOpen(text, start + 1)) {
    const brace = braceAt(text, start);
    if (brace !== undefined) return brace;
  }
  return undefined;
}

function nextOpen(text: string, from: number): number {
  for (let at = from; at < text.length; at = skip(text, at) + 1) {
    if (text.charAt(at) === "{" && text.charAt(at - 1) !== "$") return at;
  }
  return -1;
}

function braceAt(text: string, start: number): Brace | undefined {
  const commas: number[] = [];
  let depth = 0;
  for (let at = start; at < text.length; at = skip(text, at) + 1) {
    const char = text.charAt(at);
    if (char === "{") depth += 1;
    else if (char === "," && depth === 1) commas.push(at);
    else if (char === "}" && (depth -= 1) === 0) {
      const choices = choicesOf(text, start, commas, at);
      return choices === undefined ? undefined : { start, end: at, choices };
    }
  }
  return undefined;
}

function choicesOf(
  text: string,
  start: number,
  commas: readonly number[],
  end: number,
): readonly string[] | undefined {
  if (commas.length === 0) return sequence(text.slice(start + 1, end));
  const starts = [start, ...commas];
  return starts.map((from, index) => text.slice(from + 1, commas[index] ?? end));
}

function sequence(text: string): readonly string[] | undefined {
  const [, first = "", last = "", step = "1"] =
    /^(-?\d{1,9}|[A-Za-z])\.\.(-?\d{1,9}|[A-Za-z])(?:\.\.(-?\d{1,9}))?$/.exec(text) ?? [];
  if (first === "") return undefined;
  const isNumber = /\d$/.test(first);
  if (isNumber !== /\d$/.test(last)) return undefined;
  const value = (word: string): number => (isNumber ? Number(word) : word.charCodeAt(0));
  const [from, to] = [value(first), value(last)];
  const width = Math.max(...[first, last].map((word) => (/^-?0\d/.test(word) ? word.length : 0)));
  const by = Math.max(1, Math.abs(Number(step))) * (from <= to ? 1 : -1);
  const count = Math.floor(Math.abs(to - from) / Math.abs(by)) + 1;
  if (count > maxWords) throw invalidRequest(`\`{${text}}\``, `is more than ${maxWords} words.`);
  return Array.from({ length: count }, (_, index) => {
    const number = from + index * by;
    if (!isNumber) return String.fromCharCode(number);
    const digits = String(Math.abs(number)).padStart(width - (number < 0 ? 1 : 0), "0");
    return number < 0 ? `-${digits}` : digits;
  });
}

/** The last place of what begins here and is quoted or an expansion; else the place itself. */
function skip(text: string, at: number): number {
  const char = text.charAt(at);
  if (char === "\\") return at + 1;
  if (char === "'") return endOr(text, text.indexOf("'", at + 1));
  if (char === '"' || char === "`") return endOr(text, closing(text, at, char));
  if (char === "$" && /[({]/.test(text.charAt(at + 1))) {
    const [open, close] = text.charAt(at + 1) === "(" ? ["(", ")"] : ["{", "}"];
    let depth = 0;
    for (let inside = at + 1; inside < text.length; inside += 1) {
      if (text.charAt(inside) === open) depth += 1;
      if (text.charAt(inside) === close && (depth -= 1) === 0) return inside;
    }
    return text.length;
  }
  return at;
}

const endOr = (text: string, place: number): number => (place < 0 ? text.length : place);

function closing(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text.charAt(at) === "\\") at += 1;
    else if (text.charAt(at) === quote) return at;
  }
  return -1;
}
