/**
 * @module
 * What zod found wrong, as sentences for people: the field as its author wrote it, and the value.
 */
import type { z } from "zod";
import { showText, showValue } from "./show-value.ts";

/** More faults than this help nobody, and their number is the caller's choice. */
const MAX_ISSUES = 20;

export interface FieldIssue {
  /** `limits.memory_bytes`, `files[3].path`. */
  readonly path: string;
  readonly message: string;
}

type ParseResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly FieldIssue[] };

/**
 * Parses `input`. A message of the schema (`error: "must be …"`) is kept, and the value added to it.
 *
 * @param root What the whole input is called where a fault has no path, `body`.
 */
export function parseWith<T>(schema: z.ZodType<T>, input: unknown, root: string): ParseResult<T> {
  const result = schema.safeParse(input, { reportInput: true, error: describeExpected });
  if (result.success) return { ok: true, value: result.data };
  const seen = new Map<string, FieldIssue>();
  for (const issue of result.error.issues) {
    for (const found of fieldIssues(issue, root)) {
      // A value can break several rules; the first one says what is wanted.
      if (!seen.has(found.path)) seen.set(found.path, found);
      if (seen.size >= MAX_ISSUES) return { ok: false, issues: [...seen.values()] };
    }
  }
  return { ok: false, issues: [...seen.values()] };
}

function fieldIssues(issue: z.core.$ZodIssue, root: string): readonly FieldIssue[] {
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.slice(0, MAX_ISSUES);
    return keys.map((key) => ({
      path: formatPath([...issue.path, key], root),
      message: "is not a known field",
    }));
  }
  const path = formatPath(issue.path, root);
  if (issue.input === undefined) return [{ path, message: `is required and ${issue.message}` }];
  return [{ path, message: `${issue.message}, not ${showValue(issue.input)}` }];
}

/** Writes a path as in JavaScript: `files[3].path`, `env["a b"]`. */
export function formatPath(path: readonly PropertyKey[], root: string): string {
  if (path.length === 0) return root;
  return path.reduce<string>((written, part) => {
    if (typeof part === "number") return `${written}[${part}]`;
    const key = String(part);
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,79}$/.test(key)) return `${written}[${showValue(key)}]`;
    return written === "" ? key : `${written}.${key}`;
  }, "");
}

function describeExpected(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${typeWords[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be ${issue.values.map((value) => `\`${String(value)}\``).join(" or ")}`;
    case "too_small":
      return `must have at least ${issue.minimum} ${unitOf(issue.origin)}`;
    case "too_big":
      return `must have at most ${issue.maximum} ${unitOf(issue.origin)}`;
    default:
      return showText(issue.message ?? "is invalid");
  }
}

const unitOf = (origin: string): string => (origin === "string" ? "characters" : "elements");

const typeWords: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "an array",
  object: "an object",
  record: "an object",
};
