/**
 * @module
 * What of a folder that a program may write to is shown read-only, where the host has it.
 */
import { relative } from "node:path";
import { foldersOf } from "../core/collected.ts";
import { isProtectedAs, protectedPaths } from "../core/protected-paths.ts";
import { findIn, findNear } from "../util/find-near.ts";
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
  const named = findNear(hostPath, protectedPaths)
    .filter(({ path, kind }) => isProtectedAs(path, kind) && !isAllowed(`${hostPath}/${path}`))
    .map(({ path }) => path);
  const there = own.filter((path) => {
    const kind = findIn(hostPath, path)?.kind;
    return kind === "folder" || kind === "file";
  });
  const all = [...named, ...there];
  // A folder above one of these is a mount that may be written to: it must not lie in a read-only one.
  const kept = all.filter((path) => !all.some((other) => isBelow(path, other)));
  const above = [...new Set(kept.flatMap(foldersOf))];
  return [
    ...above.map((path) => ({ path, access: "rw" }) as const),
    ...kept.map((path) => ({ path, access: "ro" }) as const),
  ];
}
