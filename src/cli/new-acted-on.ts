/**
 * @module
 * What a program made in a folder of the user on which other programs act. What was there before could
 * not be changed; for what was not, nothing may lie in the folder that would keep the place.
 */
import { lstatSync } from "node:fs";
import type { WorkspaceMount } from "../core/policy.ts";
import { protectedPaths } from "../core/protected-paths.ts";

/** @returns Called after the run: a line for people if there is something to look at. */
export function watchActedOn(workspace: WorkspaceMount | undefined): () => readonly string[] {
  if (workspace?.access !== "rw") return () => [];
  const { hostPath } = workspace;
  const isThere = (path: string): boolean =>
    lstatSync(`${hostPath}/${path}`, { throwIfNoEntry: false }) !== undefined;
  const missing = protectedPaths.filter((path) => !isThereSafely(isThere, path));
  return () => {
    const made = missing.filter((path) => isThereSafely(isThere, path));
    if (made.length === 0) return [];
    return [
      `warning: it made ${made.join(", ")} in ${hostPath}: other programs of yours act on that, so look at it first`,
    ];
  };
}

/** A file may be in the place of a folder. */
function isThereSafely(isThere: (path: string) => boolean, path: string): boolean {
  try {
    return isThere(path);
  } catch {
    return false;
  }
}
