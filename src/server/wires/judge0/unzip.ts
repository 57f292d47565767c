/**
 * @module
 * Reads the files of a zip, within bounds that hold before anything is unpacked. What is not a plain
 * file with a plain name is refused, not skipped: a program without a part of its files is another one.
 */
import { promisify } from "node:util";
import { crc32, inflateRaw } from "node:zlib";
import { parseFilePath } from "../../../core/file-path.ts";
import type { SandboxFile } from "../../../core/sandbox.ts";
import { showText } from "../../../util/show-value.ts";

export interface UnzipBounds {
  readonly maxFiles: number;
  readonly maxFileBytes: number;
  /** Of all files together. */
  readonly maxBytes: number;
}

export type Unzipped =
  | { readonly ok: true; readonly files: readonly Required<SandboxFile>[] }
  | { readonly ok: false; readonly reason: string };

interface Entry {
  readonly path: string;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly executable: boolean;
  /** Where its local header is. */
  readonly offset: number;
}

/** Thrown inside, for what becomes `reason`. */
class ZipFault extends Error {}

// Layout: PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16.
const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
const UNIX = 3;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;

const inflate = promisify(inflateRaw);

export async function unzip(zip: Buffer, bounds: UnzipBounds): Promise<Unzipped> {
  try {
    const files: Required<SandboxFile>[] = [];
    for (const entry of readEntries(zip, bounds)) {
      const content = await unpack(zip, entry);
      files.push({ path: entry.path, content, executable: entry.executable });
    }
    return { ok: true, files };
  } catch (error) {
    if (error instanceof ZipFault) return { ok: false, reason: error.message };
    // Numbers that lead outside the buffer.
    if (error instanceof RangeError) return { ok: false, reason: "is no zip: it is cut off" };
    throw error;
  }
}

/** Those that are files, in the order of the list at the zip's end, the only one that counts. */
function readEntries(zip: Buffer, { maxFiles, maxFileBytes, maxBytes }: UnzipBounds): Entry[] {
  const end = findEnd(zip);
  const count = zip.readUInt16LE(end + 10);
  // Folders have entries, too.
  if (count > 2 * maxFiles) throw new ZipFault(`has ${count} entries, more than ${2 * maxFiles}`);
  const entries: Entry[] = [];
  const seen = new Set<string>();
  let bytes = 0;
  let at = zip.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    const { entry, next } = readEntry(zip, at);
    at = next;
    if (entry === undefined) continue;
    if (seen.has(entry.path)) throw new ZipFault(`has ${showText(entry.path)} twice`);
    seen.add(entry.path);
    if (entry.bytes > maxFileBytes) {
      throw new ZipFault(`has a file of more than ${maxFileBytes} bytes: ${showText(entry.path)}`);
    }
    bytes += entry.bytes;
    entries.push(entry);
  }
  if (entries.length > maxFiles) throw new ZipFault(`has more than ${maxFiles} files`);
  if (bytes > maxBytes) throw new ZipFault(`has ${bytes} bytes unpacked, more than ${maxBytes}`);
  return entries;
}

/** Where the record of the end is; behind it is only a comment. */
function findEnd(zip: Buffer): number {
  const first = Math.max(0, zip.byteLength - END_BYTES - MAX_COMMENT_BYTES);
  for (let at = zip.byteLength - END_BYTES; at >= first; at--) {
    const isEnd = zip.readUInt32LE(at) === END_SIGNATURE;
    if (isEnd && at + END_BYTES + zip.readUInt16LE(at + 20) === zip.byteLength) return at;
  }
  throw new ZipFault("is no zip, in base64");
}

function readEntry(zip: Buffer, at: number): { entry: Entry | undefined; next: number } {
  if (zip.readUInt32LE(at) !== ENTRY_SIGNATURE) throw new ZipFault("is no zip: its list is broken");
  const nameEnd = at + ENTRY_BYTES + zip.readUInt16LE(at + 28);
  const next = nameEnd + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  if (next > zip.byteLength) throw new ZipFault("is no zip: it is cut off");
  const name = zip.toString("utf8", at + ENTRY_BYTES, nameEnd);
  const shown = showText(name);
  const isUnix = zip.readUInt16LE(at + 4) >> 8 === UNIX;
  const mode = isUnix ? zip.readUInt32LE(at + 38) >>> 16 : 0;
  const isFolder = name.endsWith("/");
  const parsed = parseFilePath(isFolder ? name.slice(0, -1) : name);
  if (!parsed.ok) throw new ZipFault(`has a name that ${parsed.reason}: ${shown}`);
  const kind = mode & S_IFMT;
  if (kind !== 0 && kind !== (isFolder ? S_IFDIR : S_IFREG)) {
    throw new ZipFault(`has a link or a device: ${shown}`);
  }
  if (isFolder) return { entry: undefined, next };
  if ((zip.readUInt16LE(at + 8) & ENCRYPTED) !== 0) throw new ZipFault(`is encrypted: ${shown}`);
  const entry = {
    path: parsed.path,
    method: zip.readUInt16LE(at + 10),
    crc: zip.readUInt32LE(at + 16),
    packedBytes: zip.readUInt32LE(at + 20),
    bytes: zip.readUInt32LE(at + 24),
    executable: (mode & 0o100) !== 0,
    offset: zip.readUInt32LE(at + 42),
  };
  return { entry, next };
}

async function unpack(zip: Buffer, entry: Entry): Promise<Buffer> {
  const shown = showText(entry.path);
  if (zip.readUInt32LE(entry.offset) !== LOCAL_SIGNATURE) {
    throw new ZipFault(`is no zip: ${shown} is not where it should be`);
  }
  const names = zip.readUInt16LE(entry.offset + 26) + zip.readUInt16LE(entry.offset + 28);
  const start = entry.offset + LOCAL_BYTES + names;
  const packed = zip.subarray(start, start + entry.packedBytes);
  const content = await unpackBytes(packed, entry, shown);
  if (content.byteLength !== entry.bytes || crc32(content) !== entry.crc) {
    throw new ZipFault(`is broken: ${shown}`);
  }
  return content;
}

async function unpackBytes(packed: Buffer, entry: Entry, shown: string): Promise<Buffer> {
  switch (entry.method) {
    case STORED:
      return packed;
    case DEFLATED:
      // An entry may hold more than it says: never more than that is made of it.
      return inflate(packed, { maxOutputLength: Math.max(entry.bytes, 1) }).catch(() => {
        throw new ZipFault(`is broken: ${shown}`);
      });
    default:
      throw new ZipFault(`is compressed in another way than deflate: ${shown}`);
  }
}
