import type { Dirent } from "node:fs";
import { chmod, lstat, readdir, rmdir, unlink } from "node:fs/promises";
import { mapLimited } from "../../../util/map-limited.ts";

/** More only wait for the disk. */
const PARALLEL_UNLINKS = 16;
/** Deeper ones come one after the other: a stranger's tree may branch a million times. */
const PARALLEL_FOLDERS = 4;
const PARALLEL_DEPTH = 3;

/**
 * Removes a folder and what is below it, following no link. Nothing may change it meanwhile. Where there
 * is none, all is done.
 *
 * @param signal Its abort ends the walk between two files: gigabytes take seconds. The rest stays.
 */
export async function removeTree(path: string, signal?: AbortSignal): Promise<void> {
  await removeFolder(Buffer.from(path), 0, signal);
}

/** With names as bytes: a stranger chose them. What is missing another sweep has just removed. */
async function removeFolder(
  path: Buffer,
  depth: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const entries = await readFolder(path).catch(ignoreMissing);
  if (entries === undefined) return;
  const pathOf = ({ name }: Dirent<Buffer>): Buffer =>
    Buffer.concat([path, Buffer.from("/"), name]);
  const isFolder = (entry: Dirent<Buffer>): boolean => entry.isDirectory();
  const files = entries.filter((entry) => !isFolder(entry));
  await mapLimited(files, PARALLEL_UNLINKS, async (file) => {
    if (signal?.aborted !== true) await unlink(pathOf(file)).catch(ignoreMissing);
  });
  const parallel = depth < PARALLEL_DEPTH ? PARALLEL_FOLDERS : 1;
  await mapLimited(entries.filter(isFolder), parallel, async (folder) => {
    if (signal?.aborted !== true) await removeFolder(pathOf(folder), depth + 1, signal);
  });
  if (signal?.aborted !== true) await rmdir(path).catch(ignoreMissing);
}

async function readFolder(path: Buffer): Promise<Dirent<Buffer>[]> {
  // One that its owner may not change: a tree that was unpacked by half can have such.
  if (((await lstat(path)).mode & 0o700) !== 0o700) await chmod(path, 0o700);
  return readdir(path, { encoding: "buffer", withFileTypes: true });
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  return undefined;
}
