/**
 * @module
 * One change in a folder: made whole, or not at all.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeSync,
  type BigIntStats,
} from "node:fs";
import { folderOf } from "../core/changes.ts";
import type { After, Change, Seen } from "./change-set.ts";
import { haveSameBytes, openFile } from "./compare.ts";
import { nameIn, seenOf, type FolderWalk } from "./folder-walk.ts";

export interface Maker {
  readonly walk: FolderWalk;
  readonly blobPath: (blob: number) => string;
  /** Of the folder: as root, what is new in it belongs to them. */
  readonly owner: { readonly uid: number; readonly gid: number };
}

export const changedSince = "it was changed in your folder since the run began";

class Conflict extends Error {
  override readonly name = "Conflict";
}

export function reasonOf(error: unknown): string {
  if (error instanceof Conflict) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

/** Where a change is made: the folder is opened, and its path leads through that. */
function placeOf(walk: FolderWalk, { path }: Change): { folder: number; way: Buffer } {
  const folder = walk.open(folderOf(path));
  const way = walk.pathOf(path);
  if (folder === undefined || way === undefined) throw new Conflict("its folder is not there");
  return { folder, way };
}

const isAsSeen = (status: BigIntStats, seen: Seen): boolean => {
  const now = seenOf(status);
  return now.dev === seen.dev && now.ino === seen.ino;
};

/** What is there must be what was shown, but for the names in a folder. */
function refuseOther({ before }: Change, status: BigIntStats | undefined): void {
  if (before === undefined) {
    if (status !== undefined) throw new Conflict("something of that name is there by now");
    return;
  }
  if (status === undefined) throw new Conflict("it is not there any more");
  const now = seenOf(status);
  const isUnchanged =
    isAsSeen(status, before.seen) &&
    (before.kind === "folder"
      ? status.isDirectory()
      : now.size === before.seen.size && now.mtimeNs === before.seen.mtimeNs);
  if (!isUnchanged) throw new Conflict(changedSince);
}

export function takeAway({ walk }: Maker, change: Change): void {
  const { way } = placeOf(walk, change);
  const status = walk.look(change.path);
  if (status === undefined) return; // an earlier attempt was cut off
  refuseOther(change, status);
  if (status.isDirectory()) rmdirSync(way);
  else unlinkSync(way);
}

export function make(maker: Maker, change: Change, after: After): void {
  const { walk } = maker;
  const { folder, way } = placeOf(walk, change);
  const status = walk.look(change.path);
  if (isMadeAlready(maker, way, status, after)) return;
  refuseOther(change, status);
  const owner =
    status !== undefined && status.isFile()
      ? { uid: Number(status.uid), gid: Number(status.gid) }
      : maker.owner;
  switch (after.kind) {
    case "folder":
      makeFolder(folder, way, owner, after.mode, status !== undefined);
      break;
    case "link":
      replaceBy(folder, way, (temporary) => {
        symlinkSync(Buffer.from(after.target, "latin1"), temporary);
        if (isRoot()) lchownSync(temporary, owner.uid, owner.gid);
      });
      break;
    case "file":
      if (after.blob === undefined) setFileMode(way, change, after.mode);
      else makeFile(maker, { folder, way, owner }, change, after.blob, after.mode);
      break;
  }
}

/** By an earlier attempt, or by chance. */
function isMadeAlready(
  { blobPath }: Maker,
  way: Buffer,
  status: BigIntStats | undefined,
  after: After,
): boolean {
  switch (after.kind) {
    case "folder":
      return status?.isDirectory() === true;
    case "link":
      return (
        status?.isSymbolicLink() === true &&
        readlinkSync(way, { encoding: "latin1" }) === after.target
      );
    case "file":
      return (
        status?.isFile() === true &&
        after.blob !== undefined &&
        (Number(status.mode) & 0o777) === after.mode &&
        Number(status.size) === after.size &&
        haveSameBytes(way, blobPath(after.blob))
      );
  }
}

const isRoot = (): boolean => process.geteuid?.() === 0;

const temporaryIn = (folder: number): Buffer =>
  nameIn(folder, `.glovebox-${randomBytes(8).toString("hex")}.tmp`);

/** Makes it under a name of ours, and then puts it in its place: it is there whole or not at all. */
function replaceBy(folder: number, way: Buffer, makeAt: (path: Buffer) => void): void {
  const temporary = temporaryIn(folder);
  try {
    makeAt(temporary);
    if (lstatSync(way, { throwIfNoEntry: false })?.isDirectory() === true) rmdirSync(way);
    renameSync(temporary, way);
  } catch (error) {
    try {
      unlinkSync(temporary);
    } catch {
      // It was not made, which is what the error is about.
    }
    throw error;
  }
}

interface Place {
  readonly folder: number;
  readonly way: Buffer;
  readonly owner: Maker["owner"];
}

function makeFile(
  { blobPath }: Maker,
  { folder, way, owner }: Place,
  change: Change,
  blob: number,
  mode: number,
): void {
  replaceBy(folder, way, (temporary) => {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    // What is new is for others what the user's own umask says, whatever the program wanted.
    const to = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode & 0o777);
    try {
      copyAll(blobPath(blob), to);
      if (isRoot()) fchownSync(to, owner.uid, owner.gid);
      if (change.before !== undefined) fchmodSync(to, mode & 0o777);
    } finally {
      closeSync(to);
    }
  });
}

const PIECE_BYTES = 256 * 1024;

function copyAll(path: string, to: number): void {
  const from = openFile(path);
  try {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, fstatSync(from).size + 1));
    for (;;) {
      const got = readSync(from, piece, 0, piece.length, null);
      if (got === 0) return;
      for (let put = 0; put < got;) put += writeSync(to, piece, put, got - put);
    }
  } finally {
    closeSync(from);
  }
}

/** Nothing but a folder can take the place of something by rename(2), so that goes aside until then. */
function makeFolder(
  folder: number,
  way: Buffer,
  owner: Maker["owner"],
  mode: number,
  isSomethingThere: boolean,
): void {
  const aside = temporaryIn(folder);
  if (isSomethingThere) renameSync(way, aside);
  try {
    mkdirSync(way, (mode & 0o777) | 0o700);
    if (isRoot()) lchownSync(way, owner.uid, owner.gid);
  } catch (error) {
    if (isSomethingThere) renameSync(aside, way);
    throw error;
  }
  if (isSomethingThere) unlinkSync(aside);
}

/** Set-user-ID bits are not for a program to give: they go. */
function setFileMode(way: Buffer, change: Change, mode: number): void {
  const fd = openFile(way);
  try {
    const { before } = change;
    if (before === undefined || !isAsSeen(fstatSync(fd, { bigint: true }), before.seen)) {
      throw new Conflict(changedSince);
    }
    fchmodSync(fd, mode & 0o777);
  } finally {
    closeSync(fd);
  }
}

export function setFolderMode({ walk }: Maker, change: Change): void {
  const fd = walk.open(change.path);
  if (fd === undefined || change.after?.kind !== "folder") {
    throw new Conflict("its folder is not there");
  }
  const { before } = change;
  if (before?.kind === "folder" && !isAsSeen(fstatSync(fd, { bigint: true }), before.seen)) {
    throw new Conflict(changedSince);
  }
  // A sticky bit, or that its group is inherited, is the user's own. A new one has what their umask left.
  const now = fstatSync(fd).mode;
  const allowed = before === undefined ? now & 0o777 : 0o777;
  fchmodSync(fd, (now & 0o7000) | (change.after.mode & allowed));
}
