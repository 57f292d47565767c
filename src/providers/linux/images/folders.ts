/**
 * @module
 * The store's folders: `sha256-…/{rootfs,image.json}` for each tree, `names/…` for what names it,
 * `staging/OWNER/` for what is being fetched or removed. Trees and names appear whole, by a rename.
 */
import { lstatSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { GloveboxError } from "../../../core/errors.ts";
import type { ImageDescription } from "../../../core/image.ts";
import { isOrphan, ownedName } from "../owned-name.ts";
import { removeTree } from "./remove-tree.ts";
import type { RootEntry } from "./root-entries.ts";
import { tryAll } from "./try-all.ts";

/** What a tree's `image.json` holds: written by us, in a folder that only this user can write to. */
export interface TreeDescription {
  readonly entries: readonly RootEntry[];
  /** The image's variables. */
  readonly env: Readonly<Record<string, string>>;
  /** Absent in trees of older versions. */
  readonly description?: ImageDescription;
  readonly sizeBytes: number;
}

/** An image that is there, as a sandbox needs it. */
export interface ImageTree extends Pick<TreeDescription, "entries" | "env"> {
  /** Absolute. */
  readonly rootFolder: string;
}

/** What their folders are called: see `treeFolder`. */
export const treeForm = /^sha256-[0-9a-f]{64}$/;

/** Where the tree of an image lies. */
export function treeFolder(folder: string, id: string): string {
  return join(folder, id.replace(":", "-"));
}

/** @throws {GloveboxError} `PROVIDER_UNAVAILABLE` where there is no folder that this user alone can change. */
export async function makeFolders(folder: string): Promise<void> {
  try {
    for (const each of [folder, join(folder, "names"), join(folder, "staging")]) {
      await mkdir(each, { recursive: true, mode: 0o700 });
    }
  } catch (error) {
    throw unsafe(folder, (error as Error).message, error);
  }
  checkFolder(folder);
}

/**
 * With sudo the home folder may be somebody else's, who could then choose what this user runs.
 *
 * @returns False where there is none.
 * @throws {GloveboxError} `PROVIDER_UNAVAILABLE`
 */
export function checkFolder(folder: string): boolean {
  const status = lstatSync(folder, { throwIfNoEntry: false });
  if (status === undefined) return false;
  if (status.uid === process.geteuid?.() && (status.mode & 0o077) === 0) return true;
  throw unsafe(folder, "it must belong to this user alone, with mode 0700");
}

function unsafe(folder: string, why: string, cause?: unknown): GloveboxError {
  const hint = "Set XDG_DATA_HOME to a folder that only this user can write to";
  return new GloveboxError(
    "PROVIDER_UNAVAILABLE",
    `linux: images can't be kept in \`${folder}\`: ${why}. ${hint}.`,
    { provider: "linux", hint },
    { cause },
  );
}

/**
 * A folder of this process alone, which goes with the work in it, or with a sweep after its end.
 *
 * @param signal Its abort leaves the folder to that sweep.
 */
export async function withStaging<T>(
  folder: string,
  work: (staging: string) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  await makeFolders(folder);
  const staging = join(folder, "staging", ownedName());
  await mkdir(staging, { mode: 0o700 });
  try {
    return await work(staging);
  } finally {
    await removeTree(staging, signal);
  }
}

/**
 * Removes what killed owners were fetching or removing. What can't be removed keeps no other.
 *
 * @param signal Its abort ends it at once; the rest is for the next sweep.
 * @throws What failed first, at the end.
 */
export async function sweepStaging(folder: string, signal?: AbortSignal): Promise<void> {
  const staging = join(folder, "staging");
  const names = await readdir(staging).catch(() => []);
  await tryAll(names.filter(isOrphan), async (name) => {
    if (signal?.aborted !== true) await removeTree(join(staging, name), signal);
  });
}
