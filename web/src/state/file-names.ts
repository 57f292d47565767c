/**
 * @module
 * Names of a program's files, as the server takes them.
 */
import { parseFilePath } from "../../../src/core/file-path.ts";

/** Why it can't be the name of a file beside those others; undefined where it can. */
export function nameProblem(path: string, others: readonly string[]): string | undefined {
  const parsed = parseFilePath(path);
  if (!parsed.ok) return `The name ${parsed.reason}.`;
  if (others.includes(path)) return "There is a file of this name.";
  const isFolder = others.some((other) => other.startsWith(`${path}/`));
  const isBelowFile = others.some((other) => path.startsWith(`${other}/`));
  return isFolder || isBelowFile ? "A file and a folder can't have the same name." : undefined;
}

export const isBelow = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);

/** `lib/a.py` in `lib`, which becomes `src`, is `src/a.py`. */
export const movedPath = (path: string, from: string, to: string): string =>
  isBelow(path, from) ? `${to}${path.slice(from.length)}` : path;

/** Why a folder can't get that name; undefined where it can. */
export function folderProblem(
  from: string,
  to: string,
  paths: readonly string[],
): string | undefined {
  const others = paths.filter((path) => !isBelow(path, from));
  for (const path of paths) {
    const problem = isBelow(path, from)
      ? nameProblem(movedPath(path, from, to), others)
      : undefined;
    if (problem !== undefined) return problem;
  }
  return undefined;
}
