/**
 * @module
 * The folders of Glovebox itself: a program that could write there would make itself what it was not
 * allowed: rules, programs that later runs are lent, what others run, plugins.
 */
import { mkdirSync } from "node:fs";
import { canonicalPath } from "./canonical-path.ts";
import { packageFolder } from "./package-folder.ts";
import { cacheFolder, configFolder, dataFolder, stateFolder } from "./user-folders.ts";

/** Canonical; some may not be there yet. */
export function ownFolders(env: NodeJS.ProcessEnv): readonly string[] {
  const paths = [...foldersOfUser(env).map(({ path }) => path), packageFolder()];
  return [...new Set(paths.map(canonicalPath))];
}

/**
 * Makes those of this user that are not there yet, as far as they lie below a folder: a program that may
 * write there would make them its own.
 */
export function makeOwnFoldersIn(folder: string, env: NodeJS.ProcessEnv): void {
  for (const { path, mode } of foldersOfUser(env)) {
    if (isBelow(canonicalPath(path), folder)) mkdirSync(path, { recursive: true, mode });
  }
}

export const isBelow = (path: string, folder: string): boolean =>
  folder === "/" ? path !== "/" : path.startsWith(`${folder}/`);

/** Whether a folder, canonical, is one of this user's, or lies in one. */
export function isInOwnFolder(folder: string, env: NodeJS.ProcessEnv): boolean {
  return foldersOfUser(env)
    .map(({ path }) => canonicalPath(path))
    .some((own) => folder === own || isBelow(folder, own));
}

/** Sandboxes, whose user may be another one, are lent what lies in the others. */
function foldersOfUser(env: NodeJS.ProcessEnv) {
  const all = [
    { path: stateFolder(env), mode: 0o700 },
    { path: dataFolder(env), mode: 0o755 },
    { path: cacheFolder(env), mode: 0o755 },
    // What it names runs on the host, in every run.
    { path: configFolder(env), mode: 0o755 },
  ];
  return all.flatMap(({ path, mode }) => (path === undefined ? [] : [{ path, mode }]));
}
