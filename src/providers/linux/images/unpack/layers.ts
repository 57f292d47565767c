/**
 * @module
 * Puts the layers of an image over each other: OCI image-spec, layer.md. Runs inside a sandbox.
 */
import {
  chmodSync,
  closeSync,
  constants,
  createReadStream,
  fchmodSync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import type { RootFolder } from "./root-folder.ts";
import { readTar, type TarEntry } from "./tar.ts";

export interface Layer {
  readonly path: string;
  readonly isGzip: boolean;
}

/** Of all layers together. */
export interface UnpackBounds {
  readonly maxBytes: number;
  readonly maxEntries: number;
}

export interface Unpacked {
  bytes: number;
  entries: number;
  /** Devices, sockets and fifos, which no sandbox may have. */
  skipped: number;
}

/** A file `.wh.NAME` says that NAME of the layers below is gone; `.wh..wh..opq` that all of them are. */
const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

const READ_BYTES = 1024 * 1024;
/** Names of a folder take 4 KiB where files have none; an inode is not free either. */
const ENTRY_BYTES = 4096;
/** Of a path, in a message. */
const SHOWN_CHARS = 100;

/** @throws {Error} For a layer that is no tar, or lies over a bound. */
export async function unpackLayer(
  root: RootFolder,
  { path, isGzip }: Layer,
  bounds: UnpackBounds,
  done: Unpacked,
): Promise<void> {
  /** What this layer brought: whiteouts are about those below. */
  const own = new Set<string>();
  await readTar(openLayer(path, isGzip), async (entry, content) => {
    countEntry(done, bounds, entry.size);
    try {
      if (entry.kind === "special") done.skipped++;
      else await unpackEntry(root, entry, content, own);
    } catch (error) {
      const shown = JSON.stringify(entry.path.slice(-SHOWN_CHARS));
      throw new Error(`${shown}: ${(error as Error).message}`, { cause: error });
    }
  });
}

/**
 * Of a layer, or a folder that a path names and no entry does: ten entries can name ten thousand.
 *
 * @param bytes Of its content.
 * @throws {Error} For more than is allowed.
 */
export function countEntry(
  done: Unpacked,
  { maxBytes, maxEntries }: UnpackBounds,
  bytes: number,
): void {
  done.entries++;
  done.bytes += bytes + ENTRY_BYTES;
  if (done.bytes > maxBytes) throw new Error(`it holds more than ${maxBytes} bytes`);
  if (done.entries > maxEntries) throw new Error(`it holds more than ${maxEntries} files`);
}

async function unpackEntry(
  root: RootFolder,
  entry: TarEntry,
  content: AsyncIterable<Buffer>,
  own: Set<string>,
): Promise<void> {
  const place = root.place(entry.path);
  const name = place.slice(place.lastIndexOf("/") + 1);
  // The root itself keeps its mode: its owner must be able to remove it.
  if (place === "") return;
  if (name.startsWith(WHITEOUT)) {
    applyWhiteout(root, place.slice(0, -name.length - 1), name, own);
    return;
  }
  makeRoom(root, place, entry);
  addTo(own, place);
  if (entry.kind === "file") await writeFile(root, place, entry, content);
  else makeEntry(root, place, entry);
}

function openLayer(path: string, isGzip: boolean): AsyncIterable<Buffer> {
  const file = createReadStream(path, { highWaterMark: READ_BYTES });
  // A failure of either is one of the reader's.
  return isGzip ? pipeline(file, createGunzip({ chunkSize: READ_BYTES }), () => undefined) : file;
}

function applyWhiteout(
  root: RootFolder,
  folder: string,
  name: string,
  own: ReadonlySet<string>,
): void {
  if (name === OPAQUE) {
    removeOthers(root, folder, own);
    return;
  }
  const gone = name.slice(WHITEOUT.length);
  // Names of other beginnings with `.wh..wh.` are remarks of old tools to themselves.
  if (gone === "" || gone === "." || gone === ".." || gone.startsWith(WHITEOUT)) return;
  if (!own.has(`${folder}/${gone}`)) root.remove(`${folder}/${gone}`);
}

function removeOthers(root: RootFolder, folder: string, own: ReadonlySet<string>): void {
  for (const name of root.names(folder)) {
    const path = `${folder}/${name}`;
    if (!own.has(path)) root.remove(path);
    else if (root.status(path)?.isDirectory() === true) removeOthers(root, path, own);
  }
}

/** With the folders above, which an opaque one must not lose either. */
function addTo(own: Set<string>, path: string): void {
  for (let each = path; each !== "" && !own.has(each);) {
    own.add(each);
    each = each.slice(0, each.lastIndexOf("/"));
  }
}

/** A folder over a folder is the same one; all else takes the place of what was there. */
function makeRoom(root: RootFolder, place: string, { kind }: TarEntry): void {
  const status = root.status(place);
  if (status === undefined) return;
  if (kind === "folder" && status.isDirectory()) return;
  root.remove(place);
}

function makeEntry(root: RootFolder, place: string, entry: TarEntry): void {
  const path = root.bytes(place);
  if (entry.kind === "folder") {
    if (root.status(place) === undefined) mkdirSync(path);
    chmodSync(path, forOwner(entry.mode) | 0o700);
  } else if (entry.kind === "symlink") {
    symlinkSync(Buffer.from(entry.target, "latin1"), path);
  } else {
    linkSync(root.bytes(root.place(entry.target)), path);
  }
}

async function writeFile(
  root: RootFolder,
  place: string,
  { mode, modifiedAt }: TarEntry,
  content: AsyncIterable<Buffer>,
): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(root.bytes(place), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    for await (const piece of content) {
      for (let at = 0; at < piece.length;) at += writeSync(fd, piece, at);
    }
    fchmodSync(fd, forOwner(mode) | 0o400);
    // Python takes compiled modules only where their sources are as old as they were.
    futimesSync(fd, modifiedAt, modifiedAt);
  } finally {
    closeSync(fd);
  }
}

/** All files belong to the sandbox's user in the end, whoever had them: what others may, it may. */
function forOwner(mode: number): number {
  return mode | ((mode & 0o007) << 6) | ((mode & 0o070) << 3);
}
