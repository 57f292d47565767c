/**
 * @module
 * File systems that are mounted in a folder.
 */

/** @param table As `/proc/self/mountinfo` has it: proc(5). */
export function mountsBelow(folder: string, table: string): readonly string[] {
  const prefix = folder === "/" ? "/" : `${folder}/`;
  return table
    .split("\n")
    .map((line) => unescapePath(line.split(" ")[4] ?? ""))
    .filter((path) => path.startsWith(prefix) && path !== folder);
}

/** Blanks and backslashes are `\ooo` there, byte by byte only for ASCII. */
const unescapePath = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
