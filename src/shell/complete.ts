/**
 * @module
 * What a word that is being typed may become.
 */
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Builtin } from "./shell.ts";

export interface CompletionSources {
  readonly builtins: ReadonlyMap<string, Builtin>;
  readonly folder: string;
  readonly home: string;
  /** Names of commands that are no builtins: aliases, functions, packages, programs. */
  readonly commands: () => readonly string[];
}

export interface Completion {
  /** Each of them whole, as it would be written. */
  readonly words: readonly string[];
  /** What they stand for. */
  readonly typed: string;
}

/** A list of thousands helps nobody. */
const maxWords = 500;

export function complete(line: string, sources: CompletionSources): Completion {
  const typed = lastWord(line);
  const before = line.slice(0, line.length - typed.length);
  const words = wordsFor(typed, before, sources);
  return { words: [...new Set(words)].slice(0, maxWords), typed };
}

function wordsFor(
  typed: string,
  before: string,
  { builtins, commands, folder, home }: CompletionSources,
): readonly string[] {
  const files = (): readonly string[] => filesFor(typed, folder, home);
  const isCommand = /(^|[|;&({]|\n)\s*$/.test(before);
  if (isCommand && !/[/~]/.test(typed)) {
    const names = [...builtins.keys(), ...commands()].filter((name) => name.startsWith(typed));
    return [...names.sort().map((name) => `${name} `), ...files()];
  }
  const [, name = ""] = /(?:^|[|;&(]\s*)\s*(\S+)\s+$/.exec(before) ?? [];
  const known = builtins.get(name)?.words ?? [];
  const fitting = known.filter((word) => word.startsWith(typed)).map((word) => `${word} `);
  const isFolder = name === "cd";
  const found = files().filter((file) => !isFolder || file.endsWith("/"));
  // Its words are all that it takes.
  return known.length > 0 ? fitting : found;
}

/** With its quotes, from the last place where a word may begin. */
function lastWord(line: string): string {
  return /(?:\\.|[^\s|;&<>(){}=\\])*$/s.exec(line)?.[0] ?? "";
}

function filesFor(typed: string, folder: string, home: string): readonly string[] {
  const text = typed.replaceAll(/\\(.)/gs, "$1");
  const slash = text.lastIndexOf("/");
  const start = slash < 0 ? "" : text.slice(0, slash + 1);
  const place = resolve(folder, start.replace(/^~(?=\/)/, home) || ".");
  const wanted = text.slice(slash + 1);
  return namesIn(place)
    .filter((name) => name.startsWith(wanted) && (wanted.startsWith(".") || !name.startsWith(".")))
    .map((name) => {
      const written = (start + name).replaceAll(/[^A-Za-z0-9_./~,:@%+=-]/gu, "\\$&");
      return isFolder(join(place, name)) ? `${written}/` : `${written} `;
    });
}

function namesIn(folder: string): readonly string[] {
  try {
    // A name with a line's end in it can't be typed.
    return readdirSync(folder)
      .filter((name) => !/\p{Cc}/u.test(name))
      .sort();
  } catch {
    return [];
  }
}

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
