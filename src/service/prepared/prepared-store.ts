/**
 * @module
 * Where what was prepared for a language lies on this host: a folder each, by the hash of all that it
 * was made from. It is shown to sandboxes read-only, so that its bytes are never copied.
 */
import { randomUUID } from "node:crypto";
import { lstatSync, utimesSync, type Stats } from "node:fs";
import { chmod, lstat, mkdir, readdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SandboxFile } from "../../core/sandbox.ts";

export interface PreparedStore {
  /** Its folder on the host; undefined where it was not made. */
  find(key: string): string | undefined;
  /** @throws What the file system says: a full disk. Nothing is left then. */
  publish(key: string, files: readonly SandboxFile[]): Promise<void>;
}

/** Older toolchains' go a while after they were used last. */
const UNUSED_MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;
const STAGING_MAX_AGE_MS = 60 * 60 * 1000;

/** @param folder Made where it is missing. */
export function createPreparedStore(folder: string): PreparedStore {
  return {
    // Of each run: promises would take several times as long as the looks.
    find: (key) => {
      const path = join(folder, key);
      try {
        const status = lstatSync(path);
        if (!isOwnFolder(status) || !isOwnFolder(lstatSync(folder))) return undefined;
        markUsed(path, status);
        return path;
      } catch {
        return undefined;
      }
    },
    publish: async (key, files) => {
      await mkdir(folder, { recursive: true, mode: 0o755 });
      const staging = join(folder, `.${randomUUID()}`);
      try {
        await writeFiles(staging, files);
        // In whole milliseconds, which is all that `find` can put back.
        const now = new Date();
        await utimes(staging, now, now);
        await rename(staging, join(folder, key));
      } catch (error) {
        await rm(staging, { recursive: true, force: true });
        // Somebody else was quicker.
        if ((await lstat(join(folder, key)).catch(() => undefined)) === undefined) throw error;
      }
      await removeOld(folder);
    },
  };
}

/** Not its time of change, by which others know it. */
function markUsed(path: string, { mtime }: Stats): void {
  try {
    utimesSync(path, new Date(), mtime);
  } catch {
    // It is used all the same, and made anew where it goes.
  }
}

/** Whoever else can write there could put something of theirs in its place. */
function isOwnFolder(status: Stats): boolean {
  return status.isDirectory() && status.uid === process.getuid?.() && (status.mode & 0o022) === 0;
}

/** The sandboxes' users are others: what they are shown is open to all. */
async function writeFiles(folder: string, files: readonly SandboxFile[]): Promise<void> {
  await mkdir(folder, { mode: 0o755 });
  await chmod(folder, 0o755);
  for (const { path, content, executable = false } of files) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    await writeFile(target, content, { flag: "wx" });
    await chmod(target, executable ? 0o755 : 0o644);
  }
}

async function removeOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const status = await lstat(path).catch(() => undefined);
    const maxAgeMs = name.startsWith(".") ? STAGING_MAX_AGE_MS : UNUSED_MAX_AGE_MS;
    if (status === undefined || status.atimeMs > Date.now() - maxAgeMs) continue;
    await rm(path, { recursive: true, force: true });
  }
}
