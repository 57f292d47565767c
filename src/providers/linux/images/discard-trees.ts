/**
 * @module
 * Removes the trees that no name means any more. Nobody locks the store: who pulls writes the name and
 * looks for the tree afterwards, who discards takes the tree away and reads the names afterwards, so that
 * of two at the same time one sees the other.
 */
import { readdir, readFile, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import { isOrphan } from "../owned-name.ts";
import { treeFolder, treeForm, withStaging } from "./folders.ts";
import { readNames } from "./names.ts";
import { tryAll } from "./try-all.ts";

/**
 * Removes a tree, unless a name means it. A program that runs in it loses its files.
 *
 * @param signal Its abort leaves the rest to a later sweep.
 */
export async function discardTree(folder: string, id: string, signal?: AbortSignal): Promise<void> {
  if (await isNamed(folder, id)) return;
  const path = treeFolder(folder, id);
  await withStaging(
    folder,
    async (staging) => {
      const away = join(staging, "discarded");
      if (!(await tryRename(away, { from: path }))) return;
      // Where somebody has put another one there meanwhile, this one goes.
      if (await isNamed(folder, id)) await tryRename(path, { from: away });
    },
    signal,
  );
}

/** As `discardTree`, but leaves a tree that a sandbox was made of and that still runs, see `isMounted`. */
export async function discardUnusedTree(
  folder: string,
  id: string,
  signal?: AbortSignal,
): Promise<void> {
  if ((await isNamed(folder, id)) || (await isMounted(treeFolder(folder, id)))) return;
  await discardTree(folder, id, signal);
}

/**
 * Removes all trees without a name, which killed pulls and moved tags left; none while somebody pulls.
 *
 * @throws What failed first, when all others are gone.
 */
export async function sweepTrees(folder: string, signal?: AbortSignal): Promise<void> {
  const ids = (await readdir(folder))
    .filter((name) => treeForm.test(name))
    .map((name) => name.replace("-", ":"));
  const named = new Set((await readNames(folder)).map(({ id }) => id));
  const unnamed = ids.filter((id) => !named.has(id));
  if (unnamed.length === 0) return;
  const staged = await readdir(join(folder, "staging")).catch(() => []);
  if (!staged.every(isOrphan)) return;
  await tryAll(unnamed, async (id) => {
    if (signal?.aborted !== true) await discardUnusedTree(folder, id, signal);
  });
}

async function isNamed(folder: string, id: string): Promise<boolean> {
  return (await readNames(folder)).some((named) => named.id === id);
}

/**
 * Whether the mounts of any process come from it: proc_pid_mountinfo(5), the fourth field. Only those
 * are seen that this /proc has: where containers share the data folder, a sandbox in another pid
 * namespace is not, and loses its files.
 */
async function isMounted(path: string): Promise<boolean> {
  const inside = `/${basename(path)}/`;
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    // It may have ended, or be another user's, which can't be a sandbox of this store.
    const mounts = await readFile(`/proc/${pid}/mountinfo`, "utf8").catch(() => "");
    if (mounts.includes(inside)) return true;
  }
  return false;
}

/** @returns False where there is nothing, or something else at its new place. */
async function tryRename(to: string, { from }: { readonly from: string }): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ENOTEMPTY", "EEXIST"].includes(code)) return false;
    throw error;
  }
}
