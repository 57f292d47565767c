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
  try {
    await removeFolder(Buffer.from(path), 0, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** With names as bytes: a stranger chose them. */
async function removeFolder(
  path: Buffer,
  depth: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  // A folder that its owner may not change: a tree that was unpacked by half can have one.
  if (((await lstat(path)).mode & 0o700) !== 0o700) await chmod(path, 0o700);
  const entries = await readdir(path, { encoding: "buffer", withFileTypes: true });
  const pathOf = ({ name }: Dirent<Buffer>): Buffer =>
    Buffer.concat([path, Buffer.from("/"), name]);
  const isFolder = (entry: Dirent<Buffer>): boolean => entry.isDirectory();
  const files = entries.filter((entry) => !isFolder(entry));
  await mapLimited(files, PARALLEL_UNLINKS, async (file) => {
    if (signal?.aborted !== true) await unlink(pathOf(file));
  });
  const parallel = depth < PARALLEL_DEPTH ? PARALLEL_FOLDERS : 1;
  await mapLimited(entries.filter(isFolder), parallel, async (folder) => {
    if (signal?.aborted !== true) await removeFolder(pathOf(folder), depth + 1, signal);
  });
  if (signal?.aborted !== true) await rmdir(path);
}
