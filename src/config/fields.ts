/**
 * @module
 * Values as people write them in a file, in the environment or on a command line: numbers may be
 * text, durations are `10s`, sizes are `256MiB`. All come out as numbers in ms and bytes.
 */
import { z } from "zod";
import { durationFormat, formatDurationMs, parseDurationMs } from "../util/duration.ts";
import { formatSizeBytes, parseSizeBytes, sizeFormat } from "../util/size.ts";

/** Smallest and largest value, inclusive. */
interface Range {
  readonly min: number;
  readonly max: number;
}

export function wholeNumber(range: Range): z.ZodType<number> {
  return ranged(range, String, "a whole number", (value) => {
    if (typeof value === "number") return value;
    return typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  });
}

/** Needs its unit: a bare number would leave the reader to guess between s and ms. */
export function duration(range: Range): z.ZodType<number> {
  return ranged(range, formatDurationMs, durationFormat, (value) =>
    typeof value === "string" ? parseDurationMs(value) : undefined,
  );
}

export function size(range: Range): z.ZodType<number> {
  return ranged(range, formatSizeBytes, sizeFormat, (value) => {
    if (typeof value === "number") return value;
    return typeof value === "string" ? parseSizeBytes(value) : undefined;
  });
}

/** YAML and JSON have true and false; the environment has only their names. */
export function trueOrFalse(): z.ZodType<boolean> {
  return parsed("must be true or false", (value) => {
    if (value === true || value === "true") return true;
    return value === false || value === "false" ? false : undefined;
  });
}

interface ListOptions<Item extends string> {
  readonly min: number;
  readonly max: number;
  /** `a list of …`, for the message. */
  readonly form: string;
  readonly isItem: (item: unknown) => item is Item;
}

/** An array, or text with commas, as the environment has it; what is there twice counts once. */
export function list<Item extends string>({
  min,
  max,
  form,
  isItem,
}: ListOptions<Item>): z.ZodType<readonly Item[]> {
  return parsed(`must be ${form}`, (value) => {
    const items: unknown = typeof value === "string" ? value.split(",") : value;
    if (!Array.isArray(items) || items.length < min || items.length > max) return undefined;
    return items.every(isItem) ? [...new Set(items)] : undefined;
  });
}

/** Some of `words`. */
export function listOf<const Word extends string>(
  words: readonly Word[],
  { min }: { readonly min: 0 | 1 },
): z.ZodType<readonly Word[]> {
  return list({
    min,
    max: words.length,
    form: `a list of ${words.join(", ")}${min === 1 ? ", at least one" : ""}`,
    isItem: (item): item is Word => words.some((word) => word === item),
  });
}

/** Text that `isRight` takes. */
export function text(form: string, isRight: (value: string) => boolean): z.ZodType<string> {
  return parsed(`must be ${form}`, (value) =>
    typeof value === "string" && isRight(value) ? value : undefined,
  );
}

function ranged(
  { min, max }: Range,
  format: (value: number) => string,
  form: string,
  parse: (value: unknown) => number | undefined,
): z.ZodType<number> {
  return parsed(`must be from ${format(min)} to ${format(max)} (${form})`, (value) => {
    const number = parse(value);
    if (number === undefined || !Number.isSafeInteger(number)) return undefined;
    return number >= min && number <= max ? number : undefined;
  });
}

function parsed<T>(expected: string, parse: (value: unknown) => T | undefined): z.ZodType<T> {
  return z.unknown().transform((value, context) => {
    const result = parse(value);
    if (result !== undefined) return result;
    context.addIssue({ code: "custom", message: expected, input: value });
    return z.NEVER;
  });
}
