/**
 * @module
 * Moves a finished build to where others read it, so that nobody ever sees a half-built file.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Renames every file of `from` to the same place in `to`, those named in `last` last, then removes
 * `from` and what older builds left in `to` more than `keepOldMs` ago. `keep` names folders and
 * files of `to` to leave alone.
 */
export function publish({ from, to, last, keep, keepOldMs }) {
  const files = listTree(from).sort((a, b) => Number(last.includes(a)) - Number(last.includes(b)));
  for (const file of files) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    renameSync(join(from, file), join(to, file));
  }
  rmSync(from, { recursive: true, force: true });
  const fresh = new Set(files);
  for (const file of listTree(to)) {
    if (fresh.has(file) || keep.some((name) => file === name || file.startsWith(`${name}/`))) {
      continue;
    }
    removeOlder(join(to, file), keepOldMs);
  }
}

/** Removes a file or a folder that was last changed `ageMs` ago or earlier. */
export function removeOlder(path, ageMs) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats && Date.now() - stats.mtimeMs >= ageMs) rmSync(path, { recursive: true, force: true });
}

/** All files below a folder, relative to it. */
export function listTree(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
