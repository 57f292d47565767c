/**
 * @module
 * From what came out of a copy, and the folder as it is now, to changes.
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type BigIntStats,
} from "node:fs";
import { folderOf, type BytePath } from "../core/changes.ts";
import type { After, Before, Change } from "./change-set.ts";
import { nameIn, seenOf, walkFolder, type FolderWalk } from "./folder-walk.ts";
import type { StagedThing } from "./stage.ts";

export interface Comparison {
  readonly folder: string;
  readonly things: readonly StagedThing[];
  readonly blobPath: (blob: number) => string;
  /** When the program's copy was made, in ns since 1970. */
  readonly startedNs: bigint;
}

/**
 * What would be another in the folder; what was written and is the same is no change. Something that
 * was changed in the folder itself since the copy was made is a conflict: by its ctime, which nobody can
 * set, so that not all of a large folder has to be looked at beforehand.
 *
 * @throws where the folder can't be read.
 */
export function compare({ folder, things, blobPath, startedNs }: Comparison): readonly Change[] {
  using walk = walkFolder(folder);
  const changes: Change[] = [];
  const add = (path: BytePath, status: BigIntStats | undefined, after: After | undefined): void => {
    const before = status === undefined ? undefined : beforeOf(walk, path, status);
    // Any name in it that came or went changes a folder's.
    const isNew = status !== undefined && before?.kind !== "folder" && status.ctimeNs >= startedNs;
    changes.push({
      path,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      ...(isNew ? { isConflict: true as const } : {}),
    });
  };
  const addDeleted = (path: BytePath, status: BigIntStats): void => {
    add(path, status, undefined);
    if (status.isDirectory()) deleteIn(path, () => false);
  };
  const deleteIn = (path: BytePath, isKept: (path: BytePath) => boolean): void => {
    for (const inner of pathsIn(walk, path)) {
      const status = isKept(inner) ? undefined : walk.look(inner);
      if (status !== undefined) addDeleted(inner, status);
    }
  };

  /** Folders in which nothing of before shows, and those in them. */
  const fresh = new Set<BytePath>();
  const known = new Set(things.map(({ path }) => path));
  for (const thing of things) {
    if (thing.kind === "leftOut") continue;
    const { path } = thing;
    const status = walk.look(path);
    if (thing.kind === "gone") {
      if (status !== undefined) addDeleted(path, status);
      continue;
    }
    const isFolder = status?.isDirectory() === true;
    const after = afterOf(thing);
    const isInFresh = path !== "" && fresh.has(folderOf(path));
    if (thing.kind === "folder" && (thing.isFresh || isInFresh)) fresh.add(path);
    if (status === undefined || !isSame(walk, thing, status, blobPath)) {
      add(path, status, withoutSameContent(walk, thing, status, blobPath) ?? after);
    }
    if (isFolder && thing.kind !== "folder") deleteIn(path, () => false);
    else if (isFolder && fresh.has(path)) {
      deleteIn(path, (inner) => known.has(inner));
    }
  }
  return changes.sort((left, right) => (left.path < right.path ? -1 : 1));
}

type Staged = Exclude<StagedThing, { readonly kind: "gone" | "leftOut" }>;

function afterOf(thing: Staged): After {
  switch (thing.kind) {
    case "file":
      return { kind: "file", mode: thing.mode, size: thing.size, blob: thing.blob };
    case "folder":
      return { kind: "folder", mode: thing.mode };
    case "link":
      return { kind: "link", target: thing.target };
  }
}

function beforeOf(walk: FolderWalk, path: BytePath, status: BigIntStats): Before {
  const seen = seenOf(status);
  const mode = Number(status.mode) & 0o7777;
  if (status.isFile()) return { kind: "file", mode, size: seen.size, seen };
  if (status.isDirectory()) return { kind: "folder", mode, seen };
  if (status.isSymbolicLink()) return { kind: "link", target: targetOf(walk, path), seen };
  return { kind: "special", seen };
}

function isSame(
  walk: FolderWalk,
  thing: Staged,
  status: BigIntStats,
  blobPath: Comparison["blobPath"],
): boolean {
  const hasSameMode = (Number(status.mode) & 0o777) === ("mode" in thing ? thing.mode : 0);
  switch (thing.kind) {
    case "folder":
      return status.isDirectory() && hasSameMode;
    case "link":
      return status.isSymbolicLink() && targetOf(walk, thing.path) === thing.target;
    case "file":
      return hasSameMode && withoutSameContent(walk, thing, status, blobPath) !== undefined;
  }
}

/** Of a file whose content is as it was. */
function withoutSameContent(
  walk: FolderWalk,
  thing: Staged,
  status: BigIntStats | undefined,
  blobPath: Comparison["blobPath"],
): After | undefined {
  if (thing.kind !== "file" || status?.isFile() !== true) return undefined;
  if (Number(status.size) !== thing.size) return undefined;
  const path = walk.pathOf(thing.path);
  if (path === undefined || !haveSameBytes(path, blobPath(thing.blob))) return undefined;
  return { kind: "file", mode: thing.mode, size: thing.size };
}

export const targetOf = (walk: FolderWalk, path: BytePath): string => {
  const way = walk.pathOf(path);
  return way === undefined ? "" : readlinkSync(way, { encoding: "latin1" });
};

const PIECE_BYTES = 64 * 1024;

/** False as well where one of them can't be read. */
export function haveSameBytes(left: Buffer | string, right: Buffer | string): boolean {
  const fds: number[] = [];
  try {
    for (const path of [left, right]) fds.push(openFile(path));
    const [one = -1, two = -1] = fds;
    const pieces = [Buffer.alloc(PIECE_BYTES), Buffer.alloc(PIECE_BYTES)] as const;
    for (;;) {
      const ours = readPiece(one, pieces[0]);
      if (!ours.equals(readPiece(two, pieces[1]))) return false;
      if (ours.length === 0) return true;
    }
  } catch {
    return false;
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

/** @throws where it is no file, or a link. */
export function openFile(path: Buffer | string): number {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Error("it is no file any more");
}

function readPiece(fd: number, piece: Buffer): Buffer {
  let used = 0;
  for (;;) {
    const got = readSync(fd, piece, used, piece.length - used, null);
    used += got;
    if (got === 0 || used === piece.length) return piece.subarray(0, used);
  }
}

function pathsIn(walk: FolderWalk, folder: BytePath): readonly BytePath[] {
  const fd = walk.open(folder);
  if (fd === undefined) return [];
  const names = readdirSync(nameIn(fd, "."), { encoding: "latin1" });
  return names.map((name) => (folder === "" ? name : `${folder}/${name}`));
}
