/**
 * @module
 * Where a path that a person wrote really is: rules are about canonical paths.
 */
import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Follows symbolic links, of what is not there as far as its folders are. A folder that is there gets a
 * `/` at its end: who writes `--allow-read ~/.aws` means what is in it.
 *
 * @param path Absolute.
 */
export function locatePath(path: string): string {
  const real = realPathOf(path);
  const isTree = path.endsWith("/") || isFolder(real);
  return isTree && real !== "/" ? `${real}/` : real;
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const folder = dirname(path);
    return folder === path ? path : join(realPathOf(folder), basename(path));
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
