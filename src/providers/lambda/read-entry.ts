/**
 * @module
 * Reads what is in a folder that somebody may be changing meanwhile: each folder is opened by its name in
 * the one above and each file without following a link, so that nothing outside of it is ever read. Node
 * has no openat(2); on Linux the names in `/proc/self/fd` stand for it.
 */
import type { Dirent } from "node:fs";
import { constants } from "node:fs";
import { open, opendir, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

const OPEN_FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Without O_NONBLOCK a fifo would hold us up until somebody writes to it. */
const OPEN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A way to what is in an open folder, for as long as it is open. */
export const entryPath = (folder: FileHandle, path: string, name: string): string =>
  process.platform === "linux" ? `/proc/self/fd/${folder.fd}/${name}` : join(path, name);

/** The folder that was asked for: a link to it is as good. */
export const openTop = (path: string): Promise<FileHandle> =>
  open(path, constants.O_RDONLY | constants.O_DIRECTORY);

/** Undefined: there is no such folder any more, or a link in its place. */
export const openFolder = (path: string): Promise<FileHandle | undefined> =>
  openIfThere(path, OPEN_FOLDER);

/** @returns All names; undefined where there are more than `most`. */
export async function listEntries(path: string, most: number): Promise<Dirent[] | undefined> {
  const entries: Dirent[] = [];
  for await (const entry of await opendir(path)) {
    entries.push(entry);
    if (entries.length > most) return undefined;
  }
  return entries;
}

export interface ReadFile {
  readonly content: Uint8Array;
  readonly isExecutable: boolean;
}

/** @returns `gone`: it is no file any more. A number: it has more than `maxBytes`, at least so many. */
export async function readEntry(
  path: string,
  maxBytes: number,
): Promise<ReadFile | number | "gone"> {
  const handle = await openIfThere(path, OPEN_FILE);
  if (handle === undefined) return "gone";
  await using file = handle;
  const status = await file.stat();
  if (!status.isFile()) return "gone";
  if (status.size > maxBytes) return status.size;
  const content = await readAll(file, status.size, maxBytes);
  if (content.byteLength > maxBytes) return content.byteLength;
  return { content, isExecutable: (status.mode & 0o111) !== 0 };
}

/** What follows links: a list of files may be one that several projects share. */
export async function readList(path: string, maxBytes: number): Promise<Buffer | undefined> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const status = await file.stat();
  if (!status.isFile()) return undefined;
  return await readAll(file, status.size, maxBytes);
}

/** To its end, wherever that is by now; one byte more than `maxBytes` tells that it has more. */
async function readAll(file: FileHandle, expected: number, maxBytes: number): Promise<Buffer> {
  let buffer = Buffer.allocUnsafe(Math.min(expected, maxBytes) + 1);
  for (let length = 0; ;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    length += bytesRead;
    if (bytesRead === 0 || length > maxBytes) return buffer.subarray(0, length);
    if (length < buffer.length) continue;
    const larger = Buffer.allocUnsafe(Math.min(buffer.length * 2, maxBytes + 1));
    buffer.copy(larger);
    buffer = larger;
  }
}

/** A link in its place, a socket, or nothing at all: somebody changed it since it was listed. */
const isGone = (error: unknown): boolean =>
  ["ENOENT", "ELOOP", "ENOTDIR", "ENXIO"].includes((error as NodeJS.ErrnoException).code ?? "");

async function openIfThere(path: string, flags: number): Promise<FileHandle | undefined> {
  try {
    return await open(path, flags);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
