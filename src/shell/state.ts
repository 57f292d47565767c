/**
 * @module
 * What a shell remembers from one line to the next.
 */

export interface ShellState {
  /** Those that were set in this shell. */
  readonly variables: Map<string, string>;
  /** Names of variables that programs get. */
  readonly exported: Set<string>;
  /** Variables from outside: only lines see them, and no program unless it is given their values. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  readonly aliases: Map<string, string>;
  /** Source text of each function. */
  readonly functions: Map<string, string>;
  /** Of `set -o`. */
  readonly options: Set<ShellOption>;
  /** `$0`. */
  readonly name: string;
  /** `$1` and so on. */
  readonly args: readonly string[];
  /** `$?` */
  status: number;
  /** Absolute. */
  folder: string;
}

export const shellOptions = ["pipefail", "errexit", "nounset"] as const;
export type ShellOption = (typeof shellOptions)[number];

export interface NewState {
  readonly name: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly inherited: Readonly<Record<string, string | undefined>>;
  readonly options?: readonly ShellOption[];
  /** They are exported. */
  readonly variables?: Readonly<Record<string, string>>;
}

export function createState(given: NewState): ShellState {
  const variables = Object.entries(given.variables ?? {});
  return {
    variables: new Map(variables),
    exported: new Set(variables.map(([name]) => name)),
    inherited: given.inherited,
    aliases: new Map(),
    functions: new Map(),
    options: new Set(given.options),
    name: given.name,
    args: given.args,
    status: 0,
    folder: given.folder,
  };
}

/** What happens to the copy does not happen to the shell, as in each part of a pipeline. */
export function copyState(state: ShellState): ShellState {
  return {
    ...state,
    variables: new Map(state.variables),
    exported: new Set(state.exported),
    aliases: new Map(state.aliases),
    functions: new Map(state.functions),
    options: new Set(state.options),
  };
}

/** Undefined: it is not set. Only names of letters, digits and `_`. */
export function valueOf(state: ShellState, name: string): string | undefined {
  if (name === "PWD") return state.folder;
  return state.variables.get(name) ?? state.inherited[name];
}

/** What programs get of the shell's variables. */
export function exportedVariables(state: ShellState): Readonly<Record<string, string>> {
  const names = [...state.exported].filter((name) => valueOf(state, name) !== undefined);
  return Object.fromEntries(names.map((name) => [name, valueOf(state, name) ?? ""]));
}

export const isName = (text: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
