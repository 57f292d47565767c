/**
 * @module
 * From the words of a `language.yaml` to the command line of one program.
 */
import { extname } from "node:path/posix";

export interface ArgvContext {
  /** Path of the main file, relative to the workspace. */
  readonly entry: string;
  /** Paths of all files of the program. */
  readonly files: readonly string[];
  /** The language's. */
  readonly extensions: readonly string[];
}

/** Replaces `{entry}`, `{name}` and `{sources}`, see `languageSchema`; what is put in is not looked at again. */
export function expandArgv(words: readonly string[], context: ArgvContext): readonly string[] {
  return words.flatMap((word) =>
    word === "{sources}" ? sources(context) : [expand(word, context)],
  );
}

function sources({ entry, files, extensions }: ArgvContext): readonly string[] {
  const others = files.filter((path) => path !== entry && extensions.includes(extname(path)));
  return [entry, ...others].map(asOperand);
}

function expand(word: string, { entry }: ArgvContext): string {
  return word.replace(/\{(entry|name)\}/g, (_whole, key: string, offset: number) => {
    const path = key === "entry" ? entry : entry.slice(0, entry.length - extname(entry).length);
    return offset === 0 ? asOperand(path) : path;
  });
}

/** A file may be called `-c` or `@args`: without a folder in front, programs take it for an option. */
function asOperand(path: string): string {
  return /^[A-Za-z0-9_.]/.test(path) ? path : `./${path}`;
}
