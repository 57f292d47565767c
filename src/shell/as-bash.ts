/**
 * @module
 * What the shell does not do itself, as one `bash` that knows what the shell knows.
 */
import { valueOf, type ShellState } from "./state.ts";

/** @param args Instead of the shell's own, as of a function. */
export function asBash(
  state: ShellState,
  source: string,
  args: readonly string[] = state.args,
): readonly string[] {
  const options = [...state.options].map((option) => `set -o ${option}\n`);
  // Variables that are exported are in its environment already.
  const variables = [...state.variables.keys()]
    .filter((name) => !state.exported.has(name))
    .map((name) => `${name}=${quoteForBash(valueOf(state, name) ?? "")}\n`);
  const functions = [...state.functions.values()].map((text) => `${text}\n`);
  const script = [...variables, ...functions, ...options, source].join("");
  return ["bash", "-c", script, state.name, ...args];
}

export const quoteForBash = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
