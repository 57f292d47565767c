/**
 * @module
 * What a program made in a folder of the user on which other programs act. What was there before could
 * not be changed; for what was not, nothing may lie in the folder that would keep the place.
 */
import { lstatSync } from "node:fs";
import type { WorkspaceMount } from "../core/policy.ts";
import { isProtectedAs, protectedPaths } from "../core/protected-paths.ts";
import { showName } from "../permissions/show-untrusted.ts";
import { findNear } from "../util/find-near.ts";
import { isBelow } from "../util/own-folders.ts";

const maxNamed = 10;
/** File systems may tell the time by a clock that lags behind. */
const clockLagMs = 1_000;

/** @returns Called after the run: a line for people if there is something to look at. */
export function watchActedOn(workspace: WorkspaceMount | undefined): () => readonly string[] {
  if (workspace?.access !== "rw") return () => [];
  const { hostPath } = workspace;
  const startedMs = Date.now() - clockLagMs;
  const before = new Set(actedOnIn(hostPath));
  // Where it made room by deleting folders, others are found that were there all the time.
  const isNew = (path: string): boolean =>
    !before.has(path) && changedAtMs(`${hostPath}/${path}`) >= startedMs;
  return () => {
    const made = actedOnIn(hostPath).filter(isNew);
    if (made.length === 0) return [];
    const named = made.slice(0, maxNamed).map(showName).join(", ");
    const more = made.length > maxNamed ? ` and ${made.length - maxNamed} more` : "";
    return [
      `warning: it made ${named}${more} in ${hostPath}: other programs of yours act on that, so look at it first`,
    ];
  };
}

/** A link counts: others follow it. */
function actedOnIn(folder: string): readonly string[] {
  const all = findNear(folder, protectedPaths)
    .filter(({ path, kind }) => kind === "other" || isProtectedAs(path, kind))
    .map(({ path }) => path);
  return all.filter((path) => !all.some((other) => isBelow(path, other)));
}

function changedAtMs(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0;
}
