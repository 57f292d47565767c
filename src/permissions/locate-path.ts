/**
 * @module
 * Where a path that a person wrote really is: rules are about canonical paths.
 */
import { statSync } from "node:fs";
import { canonicalPath } from "../util/canonical-path.ts";

/**
 * Follows symbolic links, of what is not there as far as its folders are. A folder that is there gets a
 * `/` at its end: who writes `--allow-read ~/.aws` means what is in it.
 *
 * @param path Absolute.
 */
export function locatePath(path: string): string {
  const real = canonicalPath(path);
  const isTree = path.endsWith("/") || isFolder(real);
  return isTree && real !== "/" ? `${real}/` : real;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
