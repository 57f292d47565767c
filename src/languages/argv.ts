/**
 * @module
 * From the words of a `language.yaml` to the command line of one program.
 */
import { extname } from "node:path/posix";
import { pathParts, type CodeNames } from "./from-code.ts";

export interface ArgvContext {
  /** Path of the main file, relative to the workspace. */
  readonly entry: string;
  /** Paths of all files of the program. */
  readonly files: readonly string[];
  /** The language's, and those that its compiler takes besides. */
  readonly extensions: readonly string[];
  /** What `fromCode` found. */
  readonly names?: CodeNames;
}

/** Replaces `{entry}` and its like, see `languageSchema`; what is put in is not looked at again. */
export function expandArgv(words: readonly string[], context: ArgvContext): readonly string[] {
  return words.flatMap((word) =>
    word === "{sources}" || word === "{others}"
      ? sources(context, word === "{sources}")
      : [expand(word, context)],
  );
}

function sources({ entry, files, extensions }: ArgvContext, withEntry: boolean): readonly string[] {
  const others = files.filter((path) => path !== entry && extensions.includes(extname(path)));
  return [...(withEntry ? [entry] : []), ...others].map(asOperand);
}

function expand(word: string, { entry, names = {} }: ArgvContext): string {
  const parts = pathParts(entry);
  // Most entries lie in the folder where the program starts; one that doesn't is absolute.
  const wanted = entry.startsWith("/") ? word.replaceAll("./{entry}", "{entry}") : word;
  return wanted.replace(/\{([a-z]+)\}/g, (whole, key: string, offset: number) => {
    if (key === "entry" || key === "name") return offset === 0 ? asOperand(parts[key]) : parts[key];
    if (key === "stem") return parts.stem;
    return Object.hasOwn(names, key) ? (names[key] ?? whole) : whole;
  });
}

/** A file may be called `-c` or `@args`: without a folder in front, programs take it for an option. */
function asOperand(path: string): string {
  return /^[A-Za-z0-9_./]/.test(path) ? path : `./${path}`;
}
