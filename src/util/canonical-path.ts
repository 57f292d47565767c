/**
 * @module
 * Where a path really leads.
 */
import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Without symbolic links; of what is not there, as far as its folders are.
 *
 * @param path Absolute.
 */
export function canonicalPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const folder = dirname(path);
    return folder === path ? path : join(canonicalPath(folder), basename(path));
  }
}
