/**
 * @module
 * The files of an OCI layout, out of the tar that an `oci-archive` is.
 */
import { createReadStream } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { maxTreeBytes } from "./unpack-image.ts";
import { readTar } from "./unpack/tar.ts";

const READ_BYTES = 1024 * 1024;
/** An image has a thousand layers at most. */
const MAX_FILES = 10_000;

/** All that a layout has, and no name that could lead elsewhere. */
const layoutFile = /^(?:\.\/)?(oci-layout|index\.json|blobs\/sha256\/[0-9a-f]{64})$/;

/**
 * @param archive A tar, as it is or packed by gzip.
 * @param folder Not there yet.
 * @throws {Error} For what is none, or is too large.
 */
export async function extractLayout(
  archive: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(join(folder, "blobs/sha256"), { recursive: true });
  const isGzip = await hasGzipMark(archive);
  const file = createReadStream(archive, { highWaterMark: READ_BYTES, signal });
  // A failure of either is one of the reader's.
  const tar = isGzip
    ? pipeline(file, createGunzip({ chunkSize: READ_BYTES }), () => undefined)
    : file;
  const left = { bytes: maxTreeBytes, files: MAX_FILES };
  try {
    await readTar(tar, async ({ kind, path, size }, content) => {
      const [, name] = layoutFile.exec(path) ?? [];
      if (kind !== "file" || name === undefined) return;
      left.bytes -= size;
      left.files--;
      if (left.bytes < 0 || left.files < 0) throw new Error("its archive is too large");
      await writeNew(join(folder, name), content);
    });
  } finally {
    file.destroy();
  }
}

async function hasGzipMark(archive: string): Promise<boolean> {
  const file = await open(archive);
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

/** @throws Where it is there already: a name that comes twice. */
async function writeNew(path: string, content: AsyncIterable<Buffer>): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    for await (const piece of content) await file.writeFile(piece);
  } finally {
    await file.close();
  }
}
