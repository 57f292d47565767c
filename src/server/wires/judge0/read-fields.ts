/**
 * @module
 * Reads values of a submission as Rails reads them: clients send numbers as strings, and the other way
 * round. What has no meaning is a fault of its field.
 */
import type { NumberBounds } from "./limits.ts";

/** Judge0's shape of a refusal: texts by field. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

export class FaultList {
  readonly #texts = new Map<string, string[]>();

  add(field: string, text: string): void {
    this.#texts.set(field, [...(this.#texts.get(field) ?? []), text]);
  }

  get isEmpty(): boolean {
    return this.#texts.size === 0;
  }

  toErrors(): FieldErrors {
    return Object.fromEntries(this.#texts);
  }
}

type Scalar = string | number | boolean;

/** Arrays and objects are as good as absent. */
export function readScalar(value: unknown): Scalar | undefined {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
      return value;
    default:
      return undefined;
  }
}

export function readText(value: unknown): string | undefined {
  const scalar = readScalar(value);
  return scalar === undefined ? undefined : String(scalar);
}

/** Absent where there is nothing but white space. */
export function readWords(value: unknown): string | undefined {
  const text = readText(value);
  return text === undefined || text.trim() === "" ? undefined : text;
}

const falseWords = new Set(["0", "f", "F", "false", "FALSE", "off", "OFF"]);

export function readFlag(value: unknown): boolean {
  const text = readText(value);
  return text !== undefined && text !== "" && !falseWords.has(text);
}

/** What is no number at all is 0, as for an id of Judge0's. Undefined: absent. */
export function readId(value: unknown): number | undefined {
  const text = readText(value);
  if (text === undefined || text.trim() === "") return undefined;
  const [digits = "0"] = /^\s*[+-]?\d{1,15}/.exec(text) ?? [];
  return Number(digits);
}

/**
 * @returns The default where it is absent, and where it is wrong: then `faults` has more.
 */
export function readNumber(
  field: string,
  value: unknown,
  { default: otherwise, min, max, isAboveMin = false, isWhole = false }: NumberBounds,
  faults: FaultList,
): number {
  const text = readText(value)?.trim();
  if (text === undefined || text === "") return otherwise;
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,4})?$/i.test(text) ? Number(text) : NaN;
  const fault = findFault(number, { min, max, isAboveMin });
  if (fault === undefined) return isWhole ? Math.trunc(number) : number;
  faults.add(field, fault);
  return otherwise;
}

function findFault(
  number: number,
  { min, max, isAboveMin }: { min: number; max: number; isAboveMin: boolean },
): string | undefined {
  if (Number.isNaN(number)) return "is not a number";
  if (isAboveMin && number <= min) return `must be greater than ${min}`;
  if (number < min) return `must be greater than or equal to ${min}`;
  return number > max ? `must be less than or equal to ${max}` : undefined;
}
