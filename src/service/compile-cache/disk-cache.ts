/**
 * @module
 * A compile cache in a folder that only this user can write to: one file an entry, named by its key,
 * written beside and renamed, so that a reader sees a whole one or none. What was used longest ago
 * goes first.
 */
import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFile,
  readFileSync,
  utimesSync,
} from "node:fs";
import { lstat, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { CompileCache, CompiledProgram } from "./compile-cache.ts";
import { decodeEntry, encodeEntry, maxEntryBytes } from "./entry-format.ts";

export interface DiskCacheOptions {
  /** Made where it is missing. */
  readonly folder: string;
  /** Of all entries together. */
  readonly maxBytes: number;
}

/** So much is written before a look at what other processes have written. */
const LOOK_AGAIN_AFTER = 1 / 8;
/** After an eviction there is room for a while. */
const FILL_AFTER_EVICTION = 0.9;
/** A writer that was killed left a file with a dot in front. */
const PART_MAX_AGE_MS = 60 * 60 * 1000;
/** Of an entry that is read at one go. */
const SMALL_BYTES = 1024 * 1024;
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export function createDiskCache({ folder, maxBytes }: DiskCacheOptions): CompileCache {
  /** Of all entries when this process looked last; undefined: it never did. */
  let usedBytes: number | undefined;
  let writtenSinceBytes = 0;
  /** What is on its way to the disk: the next run of the source may come before it is there. */
  const arriving = new Map<string, CompiledProgram>();

  async function evict(): Promise<void> {
    const entries = await listEntries(folder);
    let total = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (total > maxBytes) {
      for (const { path, sizeBytes } of entries) {
        if (total <= maxBytes * FILL_AFTER_EVICTION) break;
        await rm(path, { force: true });
        total -= sizeBytes;
      }
    }
    usedBytes = total;
    writtenSinceBytes = 0;
  }

  return {
    get: async (key) => arriving.get(key) ?? (await readEntry(folder, key)),
    put: async (key, program) => {
      const bytes = encodeEntry(key, program);
      if (bytes.byteLength > maxBytes) return;
      arriving.set(key, program);
      try {
        await makeFolder(folder);
        if (!(await isPrivate(folder))) return;
        await writeWhole(folder, key, bytes);
        writtenSinceBytes += bytes.byteLength;
        const isTimeToLook =
          usedBytes === undefined ||
          usedBytes + writtenSinceBytes > maxBytes ||
          writtenSinceBytes > maxBytes * LOOK_AGAIN_AFTER;
        if (isTimeToLook) await evict();
      } catch {
        // A full disk, or a folder that went away: the next run compiles again.
      } finally {
        arriving.delete(key);
      }
    },
  };
}

/**
 * For who names a folder: why nothing would ever be kept in it. Makes it where it is missing.
 *
 * @returns Undefined where it can be used.
 */
export async function cacheFolderFault(folder: string): Promise<string | undefined> {
  try {
    await makeFolder(folder);
    if (await isPrivate(folder)) return undefined;
    return "it must belong to this user, and nobody else may write to it: chmod 700";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Whoever else can write here could put a program of theirs in the place of anybody's. */
async function isPrivate(folder: string): Promise<boolean> {
  const status = await lstat(folder);
  return status.isDirectory() && status.uid === process.getuid?.() && (status.mode & 0o022) === 0;
}

/** Marks it as used; removes one that can't be trusted. */
async function readEntry(folder: string, key: string): Promise<CompiledProgram | undefined> {
  const path = join(folder, key);
  try {
    const bytes = await readOwnFile(path);
    const program = bytes && decodeEntry(key, bytes);
    if (program === undefined) {
      await rm(path, { force: true });
      return undefined;
    }
    const now = new Date();
    utimesSync(path, now, now);
    return program;
  } catch {
    return undefined;
  }
}

/** For what a disk has in memory a promise takes five times as long as the reading. */
async function readOwnFile(path: string): Promise<Buffer | undefined> {
  const fd = openSync(path, READ_FLAGS);
  try {
    const status = fstatSync(fd);
    const isOwn = status.isFile() && status.uid === process.getuid?.();
    if (!isOwn || (status.mode & 0o022) !== 0 || status.size > maxEntryBytes) return undefined;
    return status.size > SMALL_BYTES ? await promisify(readFile)(fd) : readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Closed to others itself; the folders that it is in may hold what they are to see. */
async function makeFolder(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true, mode: 0o755 });
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

async function writeWhole(folder: string, key: string, bytes: Buffer): Promise<void> {
  const part = join(folder, `.${randomUUID()}`);
  try {
    const file = await open(part, "wx", 0o600);
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    await rename(part, join(folder, key));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

interface StoredEntry {
  readonly path: string;
  readonly sizeBytes: number;
  readonly usedMs: number;
}

/** Longest unused first; removes what killed writers left. */
async function listEntries(folder: string): Promise<readonly StoredEntry[]> {
  const found: StoredEntry[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    // Another process may evict at the same time.
    const status = await stat(path).catch(() => undefined);
    if (status === undefined) continue;
    if (!name.startsWith(".")) found.push({ path, sizeBytes: status.size, usedMs: status.mtimeMs });
    else if (status.mtimeMs < Date.now() - PART_MAX_AGE_MS) await rm(path, { force: true });
  }
  return found.sort((left, right) => left.usedMs - right.usedMs);
}
