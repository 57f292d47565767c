/**
 * @module
 * Files that redirections name: the shell opens them itself, and only those of the workspace. A link
 * that leads out of it leads nowhere.
 */
import { closeSync, constants, fstatSync, openSync, realpathSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { walkFolder } from "../changes/folder-walk.ts";
import { invalidRequest, type GloveboxError } from "../core/errors.ts";
import { isProtected } from "../core/protected-paths.ts";
import { isBelow, ownFolders } from "../util/own-folders.ts";
import type { Reach } from "./host.ts";

export type OpenMode = "read" | "write" | "append";

const { O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;

/** A pipe would keep us waiting; what is no file is closed again. */
const flags: Readonly<Record<OpenMode, number>> = {
  read: O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
  write: O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK,
  append: O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK,
};

/**
 * @param path As it was written.
 * @returns An fd.
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function openWorkspaceFile(
  path: string,
  mode: OpenMode,
  { reach, folder }: { readonly reach: Reach; readonly folder: string },
): number {
  if (path === "") throw refused(path, "is no name of a file.");
  const workspace = reach.workspaceOf(folder);
  const below = relative(workspace, realPlace(resolve(folder, path), path));
  if (below === "" || below === ".." || below.startsWith("../")) {
    throw refused(
      path,
      `lies outside of the workspace \`${workspace}\`, where redirections don't reach. Go there with \`cd\`, or name a file in it.`,
    );
  }
  if (mode !== "read") refuseWriting(path, { workspace, below }, reach);
  return openBelow(workspace, below, mode, path);
}

/** Where a path leads, links on the way and at its end included, if there is something. */
function realPlace(place: string, path: string): string {
  try {
    return realpathSync(place);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw cannotOpen(path, error);
  }
  try {
    return join(realpathSync(dirname(place)), basename(place));
  } catch (error) {
    throw cannotOpen(path, error);
  }
}

interface Place {
  readonly workspace: string;
  readonly below: string;
}

function refuseWriting(path: string, { workspace, below }: Place, { canWrite }: Reach): void {
  if (!canWrite) {
    throw refused(
      path,
      "can't be written: the workspace is read-only. Start with `--workspace .:rw`.",
    );
  }
  const place = join(workspace, below);
  const isOwn = ownFolders(process.env).some((own) => place === own || isBelow(place, own));
  if (!isOwn && !isProtected(below)) return;
  throw refused(path, "can't be written from here: other programs act on what it says.");
}

/** Whoever moves things in there meanwhile: what is opened lies below the workspace. */
function openBelow(workspace: string, below: string, mode: OpenMode, path: string): number {
  let fd: number | undefined;
  try {
    using walk = walkFolder(workspace);
    const way = walk.pathOf(Buffer.from(below).toString("latin1"));
    if (way === undefined) throw refused(path, "is in a folder that is not there.");
    fd = openSync(way, flags[mode], 0o666);
    if (!fstatSync(fd).isFile()) throw refused(path, "is not a file.");
    return fd;
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    throw cannotOpen(path, error);
  }
}

const refused = (path: string, why: string): GloveboxError<"INVALID_REQUEST"> =>
  invalidRequest(`\`${path}\``, why);

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "is not there.",
  EACCES: "may not be opened by you.",
  EISDIR: "is a folder.",
  ENOTDIR: "is below something that is no folder.",
  ELOOP: "is a link.",
  EROFS: "is on a read-only file system.",
};

function cannotOpen(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined || code === "INVALID_REQUEST") return error;
  return refused(path, reasons[code] ?? `can't be opened (${code}).`);
}
