/**
 * @module
 * What the first word of a command means.
 */
import { join, relative, resolve } from "node:path";
import type { FoundPackage, ShellHost } from "./host.ts";
import type { ShellState } from "./state.ts";

export type Found =
  | { readonly kind: "function" | "builtin" }
  | { readonly kind: "package"; readonly found: FoundPackage }
  | { readonly kind: "script"; readonly file: string }
  /** Of the sandbox's image, or a file of the workspace: as it is called inside. */
  | { readonly kind: "program"; readonly name: string };

export type FindWord = (word: string, state: ShellState) => Promise<Found | undefined>;

/** Looks each word up once: what a line was checked for is what it runs. */
export function createFinder(
  { findPackage, hasProgram, kindOfFile, reach }: ShellHost,
  isBuiltin: (name: string) => boolean,
): FindWord {
  const file = (path: string, state: ShellState): Found | undefined => {
    const workspace = reach.workspaceOf(state.folder);
    const isBelow = path.startsWith(`${workspace}/`);
    if (!isBelow && !reach.isFree) return undefined;
    const kind = kindOfFile(path);
    if (kind === "script") return { kind, file: path };
    // What lies outside of the workspace is not there for a program inside.
    if (kind === undefined || !isBelow) return undefined;
    return { kind, name: `./${relative(state.folder, path)}` };
  };
  const find: FindWord = async (word, state) => {
    if (word === "") return undefined;
    if (state.functions.has(word)) return { kind: "function" };
    if (isBuiltin(word)) return { kind: "builtin" };
    const found = await findPackage(word);
    if (found !== undefined) return { kind: "package", found };
    if (word.includes("/")) {
      const inside = file(resolve(state.folder, word), state);
      if (inside !== undefined) return inside;
      return (await hasProgram(word)) ? { kind: "program", name: word } : undefined;
    }
    if (await hasProgram(word)) return { kind: "program", name: word };
    const beside = word.includes(".") ? file(join(state.folder, word), state) : undefined;
    return beside?.kind === "script" ? beside : undefined;
  };
  const known = new Map<string, Promise<Found | undefined>>();
  return (word, state) => {
    // Functions come and go with the line.
    if (state.functions.has(word)) return find(word, state);
    const key = `${state.folder}\0${word}`;
    const before = known.get(key) ?? find(word, state);
    known.set(key, before);
    return before;
  };
}
