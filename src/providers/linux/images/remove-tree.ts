import { randomBytes } from "node:crypto";
import type { Dirent } from "node:fs";
import { chmod, lstat, opendir, rename, rmdir, unlink } from "node:fs/promises";
import { mapLimited } from "../../../util/map-limited.ts";

/** More only wait for the disk. */
const PARALLEL_UNLINKS = 16;
/** Deeper ones come one after the other: a stranger's tree may branch a million times. */
const PARALLEL_FOLDERS = 4;
const PARALLEL_DEPTH = 3;
/** Names of a folder that are held at a time: a stranger's folder may have a million. */
const MAX_HELD_NAMES = 128;
/**
 * What lies deeper is moved to the top first. So no path gets longer than the kernel takes, however deep
 * the tree is, and few folders are open at a time.
 */
const MAX_DEPTH = 6;

interface Walk {
  /** Moves a folder to the top of the tree, where the walk comes by again. */
  raise(folder: Buffer): Promise<void>;
  isEnded(): boolean;
}

/**
 * Removes a folder and what is below it, of any depth and number, following no link. Nothing may change
 * it meanwhile but another removal. Where there is none, all is done.
 *
 * @param signal Its abort ends the walk between two files: gigabytes take seconds. The rest stays.
 */
export async function removeTree(path: string, signal?: AbortSignal): Promise<void> {
  const top = Buffer.from(path);
  /** Chosen now, so that the tree can't have such a name. */
  const prefix = randomBytes(8).toString("hex");
  let raised = 0;
  const walk: Walk = {
    raise: async (folder) => {
      await makeOwn(folder);
      await rename(folder, Buffer.concat([top, Buffer.from(`/${prefix}-${raised++}`)]));
    },
    isEnded: () => signal?.aborted === true,
  };
  await removeFolder(walk, top, 0);
}

async function removeFolder(walk: Walk, path: Buffer, depth: number): Promise<void> {
  for (;;) {
    const count = await emptyFolder(walk, path, depth).catch(ignoreMissing);
    if (count === undefined || walk.isEnded()) return;
    // Folders were moved here, or the file system lost count while names went.
    if (await tryRemoveFolder(path, { mayHoldMore: count > 0 })) return;
  }
}

/** @returns How many names it had. */
async function emptyFolder(walk: Walk, path: Buffer, depth: number): Promise<number> {
  await makeOwn(path);
  let count = 0;
  for await (const entries of readInParts(path)) {
    count += entries.length;
    await removeEntries(walk, path, entries, depth);
    if (walk.isEnded()) break;
  }
  return count;
}

async function removeEntries(
  walk: Walk,
  path: Buffer,
  entries: readonly Dirent<Buffer>[],
  depth: number,
): Promise<void> {
  const pathOf = ({ name }: Dirent<Buffer>): Buffer =>
    Buffer.concat([path, Buffer.from("/"), name]);
  const isFolder = (entry: Dirent<Buffer>): boolean => entry.isDirectory();
  const files = entries.filter((entry) => !isFolder(entry));
  await mapLimited(files, PARALLEL_UNLINKS, async (file) => {
    if (!walk.isEnded()) await unlink(pathOf(file)).catch(ignoreMissing);
  });
  const parallel = depth < PARALLEL_DEPTH ? PARALLEL_FOLDERS : 1;
  await mapLimited(entries.filter(isFolder), parallel, async (entry) => {
    if (walk.isEnded()) return;
    const folder = pathOf(entry);
    if (depth + 1 < MAX_DEPTH) await removeFolder(walk, folder, depth + 1);
    else await walk.raise(folder).catch(ignoreMissing);
  });
}

/** With names as bytes: a stranger chose them. */
async function* readInParts(path: Buffer): AsyncGenerator<readonly Dirent<Buffer>[]> {
  // As readdir(3) allows: what is removed meanwhile hides nothing else.
  const options = { encoding: "buffer" as BufferEncoding, bufferSize: MAX_HELD_NAMES };
  const folder = await opendir(path, options);
  let part: Dirent<Buffer>[] = [];
  for await (const entry of folder as unknown as AsyncIterable<Dirent<Buffer>>) {
    part.push(entry);
    if (part.length < MAX_HELD_NAMES) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

/** One that its owner may not change: a tree that was unpacked by half can have such. */
async function makeOwn(folder: Buffer): Promise<void> {
  if (((await lstat(folder)).mode & 0o700) !== 0o700) await chmod(folder, 0o700);
}

/** @returns False where it holds something. */
async function tryRemoveFolder(
  path: Buffer,
  { mayHoldMore }: { readonly mayHoldMore: boolean },
): Promise<boolean> {
  try {
    await rmdir(path);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (mayHoldMore && ["ENOTEMPTY", "EEXIST"].includes(code)) return false;
    ignoreMissing(error);
  }
  return true;
}

/** Another sweep has just removed it. */
function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  return undefined;
}
