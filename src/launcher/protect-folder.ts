/**
 * @module
 * What of a folder that a program may write to is shown read-only, where the host has it.
 */
import { lstatSync, mkdirSync, realpathSync } from "node:fs";
import { relative } from "node:path";
import { foldersOf } from "../core/collected.ts";
import { protectedPaths } from "../core/protected-paths.ts";
import { stateFolder } from "../util/user-folders.ts";

export interface ProtectedMount {
  /** Below the folder. */
  readonly path: string;
  /** `rw`: a folder above protected ones: as a mount of its own it can't be moved away with them. */
  readonly access: "ro" | "rw";
}

/**
 * What to mount over the folder, outer ones first. Through a symbolic link nothing can be protected:
 * what it leads to is elsewhere, and it can be replaced itself.
 *
 * @param isAllowed Whether the user lets the program write to this host path.
 */
export function protectedIn(
  hostPath: string,
  isAllowed: (hostPath: string) => boolean = () => false,
): readonly ProtectedMount[] {
  const named = [...protectedPaths, ...ownStateIn(hostPath)];
  const kept = named.filter((path) => {
    const isReached = foldersOf(path).every((each) => kindOf(`${hostPath}/${each}`) === "folder");
    const kind = isReached ? kindOf(`${hostPath}/${path}`) : undefined;
    return (kind === "folder" || kind === "file") && !isAllowed(`${hostPath}/${path}`);
  });
  const above = [...new Set(kept.flatMap(foldersOf))];
  return [
    ...above.map((path) => ({ path, access: "rw" }) as const),
    ...kept.map((path) => ({ path, access: "ro" }) as const),
  ];
}

function kindOf(path: string): "folder" | "file" | "other" | undefined {
  try {
    const status = lstatSync(path);
    return status.isDirectory() ? "folder" : status.isFile() ? "file" : "other";
  } catch {
    return undefined;
  }
}

/**
 * What Glovebox remembers for this user: a program that could write there would make its own rules. It
 * is made where it lies in the folder and is not there yet.
 */
function ownStateIn(hostPath: string): readonly string[] {
  const state = stateFolder(process.env);
  if (state === undefined || !isBelow(state, hostPath)) return [];
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const real = realpathSync(state);
  return isBelow(real, hostPath) ? [relative(hostPath, real)] : [];
}

const isBelow = (path: string, folder: string): boolean =>
  folder === "/" || path.startsWith(`${folder}/`);
