/**
 * @module
 * `$X`, `${X:-word}` and their like.
 */
import type { ParameterExpansionPart, ParameterOperation, Word } from "unbash";
import { invalidRequest } from "../core/errors.ts";
import { patternText } from "./pattern.ts";
import { isName, valueOf, type ShellState } from "./state.ts";

/** `list`: `$@`, which is as many words as there are. */
export type ParameterValue =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "list"; readonly words: readonly string[] }
  /** What the operand says, in its place. */
  | { readonly kind: "operand"; readonly word: Word };

export interface OperandReader {
  readonly text: (word: Word) => Promise<string>;
  readonly pattern: (word: Word) => Promise<string>;
}

/** Undefined: it is not set. */
export function parameterText(state: ShellState, name: string): string | undefined {
  if (isName(name)) return valueOf(state, name);
  if (/^\d+$/.test(name)) return name === "0" ? state.name : state.args[Number(name) - 1];
  switch (name) {
    case "?":
      return String(state.status);
    case "#":
      return String(state.args.length);
    case "$":
      return String(process.pid);
    case "@":
    case "*":
      return state.args.length === 0 ? undefined : state.args.join(" ");
    case "-":
    case "!":
      return "";
    default:
      return undefined;
  }
}

/** @throws {GloveboxError} `INVALID_REQUEST` with `set -u` for what is not set. */
export function simpleParameter(state: ShellState, name: string): ParameterValue {
  if (name === "@") return { kind: "list", words: state.args };
  return { kind: "text", text: parameterText(state, name) ?? missing(state, name) };
}

/** @throws {GloveboxError} `INVALID_REQUEST` for `${X:?word}`, and as `simpleParameter`. */
export async function parameterValue(
  state: ShellState,
  part: ParameterExpansionPart,
  read: OperandReader,
): Promise<ParameterValue> {
  const { parameter: name, operation, prefix } = part;
  const value = parameterText(state, name);
  if (prefix === "#") {
    const length =
      name === "@" || name === "*" ? state.args.length : Array.from(value ?? "").length;
    return { kind: "text", text: String(length) };
  }
  if (operation === undefined) return simpleParameter(state, name);
  if (operation.type === "Default") return withDefault(state, part, operation, value, read);
  if (operation.type !== "Remove") throw invalidRequest(`\`${part.text}\``, "is not understood.");
  const pattern = await read.pattern(operation.operand);
  return { kind: "text", text: remove(value ?? missing(state, name), operation.operator, pattern) };
}

async function withDefault(
  state: ShellState,
  { parameter: name, text }: ParameterExpansionPart,
  { operator, operand }: Extract<ParameterOperation, { type: "Default" }>,
  value: string | undefined,
  read: OperandReader,
): Promise<ParameterValue> {
  const isThere = value !== undefined && (value !== "" || !operator.startsWith(":"));
  const kind = operator.at(-1);
  if (kind === "+")
    return isThere ? { kind: "operand", word: operand } : { kind: "text", text: "" };
  if (isThere) return name === "@" ? simpleParameter(state, name) : { kind: "text", text: value };
  if (kind === "-") return { kind: "operand", word: operand };
  if (kind === "?") {
    throw invalidRequest(`\`${name}\``, (await read.text(operand)) || "is not set.");
  }
  if (!isName(name)) throw invalidRequest(`\`${text}\``, "can't be set.");
  const set = await read.text(operand);
  state.variables.set(name, set);
  return { kind: "text", text: set };
}

function missing(state: ShellState, name: string): string {
  if (!state.options.has("nounset")) return "";
  throw invalidRequest(`\`${name}\``, "is not set, and `set -u` was said.");
}

function remove(value: string, operator: "#" | "##" | "%" | "%%", pattern: string): string {
  const text = patternText(pattern, { isGreedy: operator.length === 2 });
  if (operator.startsWith("#")) return value.replace(new RegExp(`^(?:${text})`, "su"), "");
  // From the left each place is tried: of the shortest ends the last one that fits.
  const whole = new RegExp(`^(?:${text})$`, "su");
  const starts = Array.from({ length: value.length + 1 }, (_, index) => index);
  const inOrder = operator === "%" ? starts.reverse() : starts;
  const start = inOrder.find((index) => whole.test(value.slice(index)));
  return start === undefined ? value : value.slice(0, start);
}
