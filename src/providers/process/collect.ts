/**
 * @module
 * Files that commands left in the workspace, read on the host: nothing isolates them here either, but
 * no link leads out of the workspace.
 */
import { isUtf8 } from "node:buffer";
import { constants } from "node:fs";
import type { Stats } from "node:fs";
import { lstat, open, opendir, readlink, realpath, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import {
  maxPathsLookedAt,
  maxSkippedPaths,
  type CollectedFiles,
  type CollectRequest,
  type SkippedPath,
  type SkipReason,
} from "../../core/collected.ts";
import { parseFilePath } from "../../core/file-path.ts";
import type { SandboxFile } from "../../core/sandbox.ts";

/** A pipe's open would wait. */
const READ_FLAGS =
  constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

interface Walk {
  /** Of the workspace, without links. */
  readonly root: string;
  readonly signal: AbortSignal;
  readonly files: Required<SandboxFile>[];
  readonly skipped: SkippedPath[];
  filesLeft: number;
  bytesLeft: number;
  lookedAt: number;
  isCut: boolean;
  isOver: boolean;
}

/**
 * @param request With the paths of `pathsToCollect`.
 * @throws The reason of `signal`.
 */
export async function collectFiles(
  workspace: string,
  request: CollectRequest,
  signal: AbortSignal,
): Promise<CollectedFiles> {
  const walk: Walk = {
    root: await realpath(workspace),
    signal,
    files: [],
    skipped: [],
    filesLeft: request.maxFiles,
    bytesLeft: request.maxBytes,
    lookedAt: 0,
    isCut: false,
    isOver: false,
  };
  for (const path of request.paths) {
    if (path === ".") await visitFolder(walk, "");
    else await visitRequested(walk, path);
  }
  const files = walk.files.sort((left, right) => (left.path < right.path ? -1 : 1));
  return { files, skipped: walk.skipped, isComplete: !walk.isCut };
}

/** A link among the folders above it is what is skipped. */
async function visitRequested(walk: Walk, path: string): Promise<void> {
  const parts = path.split("/");
  for (let depth = 1; depth < parts.length; depth++) {
    const folder = parts.slice(0, depth).join("/");
    const status = await look(walk, folder);
    if (status?.isSymbolicLink() === true) leaveOut(walk, folder, "link");
    if (status?.isDirectory() !== true) return;
  }
  await visit(walk, path);
}

async function visit(walk: Walk, path: string): Promise<void> {
  walk.signal.throwIfAborted();
  if (!parseFilePath(path).ok) {
    leaveOut(walk, path, "name");
    return;
  }
  const status = await look(walk, path);
  if (status === undefined) return;
  if (status.isDirectory()) await visitFolder(walk, path);
  else if (status.isSymbolicLink()) leaveOut(walk, path, "link");
  else if (status.isFile()) await visitFile(walk, path);
  else leaveOut(walk, path, "special");
}

/** Undefined where nothing is there; what can't be looked at is skipped. */
async function look(walk: Walk, path: string): Promise<Stats | undefined> {
  try {
    return await lstat(join(walk.root, path));
  } catch (error) {
    skipUnlessGone(walk, path, error);
    return undefined;
  }
}

async function visitFolder(walk: Walk, path: string): Promise<void> {
  const folder = join(walk.root, path);
  try {
    // A link that has taken its place, or that of a folder above it.
    if ((await realpath(folder)) !== folder) {
      leaveOut(walk, path, "link");
      return;
    }
    // Names as bytes: not all are UTF-8. Node's types know it of readdir only.
    const options = { encoding: "buffer" as BufferEncoding };
    for await (const entry of await opendir(folder, options)) {
      const name = entry.name as unknown as Buffer;
      walk.lookedAt += 1;
      if (walk.lookedAt > maxPathsLookedAt) walk.isCut = walk.isOver = true;
      if (walk.isOver) return;
      const inside = path === "" ? name.toString("utf8") : `${path}/${name.toString("utf8")}`;
      if (isUtf8(name)) await visit(walk, inside);
      else leaveOut(walk, inside, "name");
    }
  } catch (error) {
    walk.signal.throwIfAborted();
    skipUnlessGone(walk, path, error);
  }
}

async function visitFile(walk: Walk, path: string): Promise<void> {
  if (walk.filesLeft === 0) {
    walk.isCut = walk.isOver = true;
    return;
  }
  const file = join(walk.root, path);
  try {
    await using handle = await open(file, READ_FLAGS);
    const status = await handle.stat();
    // A link may have taken the place of a folder above it.
    if ((await readlink(`/proc/self/fd/${handle.fd}`)) !== file) leaveOut(walk, path, "link");
    else if (!status.isFile()) leaveOut(walk, path, "special");
    else if (status.size > walk.bytesLeft) {
      walk.isCut = true;
      leaveOut(walk, path, "tooLarge");
    } else {
      const content = await read(handle, status.size);
      walk.filesLeft -= 1;
      walk.bytesLeft -= content.byteLength;
      walk.files.push({ path, content, executable: (status.mode & constants.S_IXUSR) !== 0 });
    }
  } catch (error) {
    skipUnlessGone(walk, path, error);
  }
}

/** As many bytes as it had when it was opened, or fewer where it shrinks. */
async function read(handle: FileHandle, size: number): Promise<Buffer> {
  const content = Buffer.alloc(size);
  let used = 0;
  while (used < size) {
    const { bytesRead } = await handle.read(content, used, size - used, null);
    if (bytesRead === 0) break;
    used += bytesRead;
  }
  return content.subarray(0, used);
}

function leaveOut(walk: Walk, path: string, reason: SkipReason): void {
  if (walk.skipped.length === maxSkippedPaths) return;
  walk.skipped.push({ path: path.replace(/\p{Cc}/gu, "\uFFFD"), reason });
}

function skipUnlessGone(walk: Walk, path: string, error: unknown): void {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ENOENT") leaveOut(walk, path, code === "ELOOP" ? "link" : "unreadable");
}
