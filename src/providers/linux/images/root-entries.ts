/**
 * @module
 * What lies at the top of an unpacked image, and how a sandbox gets it. A tree is a stranger's: of it
 * only this is looked at, without following a link, and no path of ours leads through a part of it.
 */
import { lstat, opendir, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { Records } from "../../../launcher/message.ts";

/** One thing at the top of an image. */
export type RootEntry =
  /** A folder with something in it, or a file. */
  | { readonly kind: "bind"; readonly path: string }
  /** An empty folder: what lies below would cost a mount. */
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

/** Where a sandbox has those of its own files that an image's `/etc` leads to. */
export const ownFolder = "/.glovebox";

/** Where programs of the host may be shown beside those of an image. */
export const hostProgramsFolder = "/opt/glovebox";

/** Ours in every sandbox, or the launcher's while it builds one. */
const reserved: ReadonlySet<string> = new Set([
  ...["/dev", "/proc", "/sys", "/tmp", "/workspace", "/home/sandbox"],
  ...[hostProgramsFolder, ownFolder, "/.old", "/.scratch"],
]);

/** Folders in which something of ours lies beside what the image has there; never links of the image. */
const shared = ["/home", "/opt"];

/** Each is a mount of every sandbox. */
const MAX_ENTRIES = 256;

/**
 * @param rootFolder Nothing may change it meanwhile.
 * @throws {Error} For an image with too much at its top.
 */
export async function listRoot(rootFolder: string): Promise<readonly RootEntry[]> {
  const all: RootEntry[] = [];
  for (const entry of await listFolder(rootFolder, "")) {
    if (!shared.includes(entry.path)) all.push(entry);
    else if (entry.kind === "folder") all.push(entry);
    else if (await isFolder(join(rootFolder, entry.path))) {
      all.push({ kind: "folder", path: entry.path });
      all.push(...(await listFolder(rootFolder, entry.path)));
    }
  }
  if (all.length > MAX_ENTRIES) throw tooMany();
  return all;
}

async function listFolder(rootFolder: string, folder: string): Promise<readonly RootEntry[]> {
  const found: RootEntry[] = [];
  for await (const { name } of await opendir(join(rootFolder, folder))) {
    const path = `${folder}/${name}`;
    // A name that is not UTF-8 can't be told here; no such file is of use to anybody.
    if (reserved.has(path) || name.includes("\ufffd")) continue;
    const entry = await entryAt(rootFolder, path);
    if (entry !== undefined) found.push(entry);
    if (found.length > MAX_ENTRIES) throw tooMany();
  }
  return found.sort((left, right) => (left.path < right.path ? -1 : 1));
}

const tooMany = (): Error =>
  new Error(`it has more than ${MAX_ENTRIES} files and folders at its top`);

async function entryAt(rootFolder: string, path: string): Promise<RootEntry | undefined> {
  const place = join(rootFolder, path);
  const status = await lstat(place);
  if (status.isSymbolicLink()) return { kind: "link", path, target: await readlink(place) };
  if (status.isFile()) return { kind: "bind", path };
  if (!status.isDirectory()) return undefined;
  return { kind: (await isEmpty(place)) ? "folder" : "bind", path };
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path)).isDirectory();
}

async function isEmpty(folder: string): Promise<boolean> {
  await using entries = await openFolder(folder);
  return (await entries.read()) === null;
}

/** Node 20's own can't be used with `await using`. */
async function openFolder(folder: string) {
  const opened = await opendir(folder);
  return {
    read: () => opened.read(),
    [Symbol.asyncDispose]: () => opened.close(),
  };
}

/** The launcher's records; the links of the image lead where they lead inside. */
export function rootRecords(rootFolder: string, entries: readonly RootEntry[]): Records {
  return entries.map((entry) => {
    switch (entry.kind) {
      case "bind":
        // As a folder of the user: as root it is shown as the sandbox's own, and found behind
        // folders that only root may enter.
        return ["mount-ro", [entry.path, rootFolder + entry.path]];
      case "folder":
        return ["dir", [entry.path, "0755"]];
      case "link":
        return ["symlink", [entry.path, entry.target]];
    }
  });
}
