/**
 * @module
 * What of a folder that a program may write to is shown read-only, where the host has it.
 */
import { lstatSync } from "node:fs";
import { relative } from "node:path";
import { foldersOf } from "../core/collected.ts";
import { protectedPaths } from "../core/protected-paths.ts";
import { isBelow, makeOwnFoldersIn, ownFolders } from "../util/own-folders.ts";

export interface ProtectedMount {
  /** Below the folder. */
  readonly path: string;
  /** `rw`: a folder above protected ones: as a mount of its own it can't be moved away with them. */
  readonly access: "ro" | "rw";
}

export interface Exceptions {
  /** Whether the user lets the program write to this host path; never asked of what is Glovebox's. */
  readonly isAllowed?: (hostPath: string) => boolean;
  /** Host paths that are protected, too. */
  readonly also?: readonly string[];
}

/**
 * What to mount over the folder, outer ones first. Through a symbolic link nothing can be protected:
 * what it leads to is elsewhere, and it can be replaced itself.
 */
export function protectedIn(
  hostPath: string,
  { isAllowed = () => false, also = [] }: Exceptions = {},
): readonly ProtectedMount[] {
  makeOwnFoldersIn(hostPath, process.env);
  const own = [...new Set([...ownFolders(process.env), ...also])]
    .filter((path) => isBelow(path, hostPath))
    .map((path) => relative(hostPath, path));
  const named = protectedPaths.filter((path) => !isAllowed(`${hostPath}/${path}`));
  const kept = [...named, ...own].filter((path) => {
    const isReached = foldersOf(path).every((each) => kindOf(`${hostPath}/${each}`) === "folder");
    const kind = isReached ? kindOf(`${hostPath}/${path}`) : undefined;
    return kind === "folder" || kind === "file";
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
