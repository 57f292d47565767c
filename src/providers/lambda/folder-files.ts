/**
 * @module
 * What of a folder goes into a package: all but what .gitignore and .gloveboxignore leave out, in each
 * folder for what lies below it, as git reads them.
 */
import type { Dirent } from "node:fs";
import { readlink, type FileHandle } from "node:fs/promises";
import { posix } from "node:path";
import ignore, { type Ignore } from "ignore";
import { invalidRequest } from "../../core/errors.ts";
import { showValue } from "../../util/show-value.ts";
import { maxUnzippedBytes } from "./bounds.ts";
import { entryPath, listEntries, openFolder, openTop, readEntry, readList } from "./read-entry.ts";

export interface PackagedFile {
  /** `/`-separated, below the package's root. */
  readonly path: string;
  readonly content: Uint8Array;
  /** `link`: its content is where it leads. */
  readonly kind: "file" | "executable" | "link";
}

/** Later ones win, as the folders' own are nearer to the file than those above. */
interface Rules {
  /** Of the folder that they are in, relative to the package's; empty for itself. */
  readonly base: string;
  readonly matcher: Ignore;
}

const ignoreFiles = [".gitignore", ".gloveboxignore"] as const;
/** State of tools, and keys in it: never part of a program. */
const never = [".git", ".coderun"] as const;
const MAX_FILES = 100_000;
/** Each is open while what is below it is read. */
const MAX_DEPTH = 100;
const MAX_IGNORE_BYTES = 1024 * 1024;

interface Reading {
  readonly root: string;
  readonly signal: AbortSignal;
  readonly files: PackagedFile[];
  bytes: number;
}

interface Place {
  /** Relative to the package's root; empty for itself. */
  readonly folder: string;
  readonly path: string;
  readonly handle: FileHandle;
}

/**
 * Sorted by path. Links that lead out of the folder, and what is neither file nor folder, are left out,
 * and so is what is gone once it is to be read.
 *
 * @throws {GloveboxError} `INVALID_REQUEST` for what can't be read, and for a folder that is too large for
 * a function, before it was read to its end.
 */
export async function readFolder(
  root: string,
  signal: AbortSignal,
): Promise<readonly PackagedFile[]> {
  const reading: Reading = { root, signal, files: [], bytes: 0 };
  await using handle = await readable(root, ".", () => openTop(root));
  await visitFolder(reading, { folder: "", path: root, handle }, []);
  return reading.files;
}

async function visitFolder(reading: Reading, place: Place, above: readonly Rules[]): Promise<void> {
  const { root, signal, files } = reading;
  const { folder, path, handle } = place;
  if (folder.split("/").length > MAX_DEPTH) throw tooLarge(root, `folders ${MAX_DEPTH} deep`);
  const list = entryPath(handle, path, ".");
  const entries = await readable(root, folder, () => listEntries(list, MAX_FILES));
  if (entries === undefined) throw tooLarge(root, `more than ${MAX_FILES} files`);
  const rules = [...above, ...(await rulesOf(reading, place, entries))];
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    signal.throwIfAborted();
    const { name } = entry;
    const inside = posix.join(folder, name);
    if (never.some((each) => each === name)) continue;
    if (isIgnored(inside, entry.isDirectory(), rules)) continue;
    if (name.includes("\ufffd")) throw unreadable(root, inside, "its name is not UTF-8");
    const full = entryPath(handle, path, name);
    if (entry.isDirectory()) await visitBelow(reading, { folder: inside, path: full }, rules);
    else await addEntry(reading, inside, full, entry);
    if (files.length > MAX_FILES) throw tooLarge(root, `more than ${MAX_FILES} files`);
  }
}

async function visitBelow(
  reading: Reading,
  { folder, path }: Omit<Place, "handle">,
  rules: readonly Rules[],
): Promise<void> {
  await using handle = await readable(reading.root, folder, () => openFolder(path));
  if (handle === undefined) return;
  await visitFolder(reading, { folder, path, handle }, rules);
}

async function addEntry(
  reading: Reading,
  path: string,
  full: string,
  entry: Dirent,
): Promise<void> {
  const file = entry.isSymbolicLink()
    ? await readLink(path, full)
    : entry.isFile()
      ? await readFile(reading, path, full)
      : undefined;
  if (file === undefined) return;
  reading.files.push(file);
  reading.bytes += file.content.byteLength;
}

async function readLink(path: string, full: string): Promise<PackagedFile | undefined> {
  const target = await readlink(full).catch(() => undefined);
  if (target === undefined) return undefined;
  const end = posix.normalize(posix.join(posix.dirname(path), target));
  const leadsOut = posix.isAbsolute(target) || end === ".." || end.startsWith("../");
  return leadsOut ? undefined : { path, content: Buffer.from(target), kind: "link" };
}

async function readFile(
  { root, bytes }: Reading,
  path: string,
  full: string,
): Promise<PackagedFile | undefined> {
  const read = await readable(root, path, () => readEntry(full, maxUnzippedBytes - bytes));
  if (read === "gone") return undefined;
  if (typeof read === "number") {
    throw tooLarge(
      root,
      `more than ${maxUnzippedBytes / 1024 ** 2} MB; \`${path}\` has ${read} bytes`,
    );
  }
  return { path, content: read.content, kind: read.isExecutable ? "executable" : "file" };
}

/** A list that can't be read must not come to mean that nothing is left out. */
async function rulesOf(
  { root }: Reading,
  { folder, path: above, handle }: Place,
  entries: readonly Dirent[],
): Promise<readonly Rules[]> {
  const texts: string[] = [];
  for (const name of ignoreFiles) {
    const entry = entries.find((each) => each.name === name);
    if (entry?.isFile() !== true && entry?.isSymbolicLink() !== true) continue;
    const path = posix.join(folder, name);
    const full = entryPath(handle, above, name);
    const list = await readable(root, path, () => readList(full, MAX_IGNORE_BYTES));
    if (list === undefined) throw unreadable(root, path, "it is no file");
    if (list.byteLength > MAX_IGNORE_BYTES)
      throw unreadable(root, path, "it is too large to be a list of files");
    texts.push(list.toString("utf8"));
  }
  return texts.length === 0 ? [] : [{ base: folder, matcher: ignore().add(texts.join("\n")) }];
}

function isIgnored(path: string, isFolder: boolean, rules: readonly Rules[]): boolean {
  let ignored = false;
  for (const { base, matcher } of rules) {
    const shown = base === "" ? path : path.slice(base.length + 1);
    const found = matcher.test(isFolder ? `${shown}/` : shown);
    if (found.ignored) ignored = true;
    if (found.unignored) ignored = false;
  }
  return ignored;
}

async function readable<T>(root: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw unreadable(root, path, (error as NodeJS.ErrnoException).code ?? String(error));
  }
}

const unreadable = (root: string, path: string, why: string): Error =>
  invalidRequest(
    "workspace",
    `${showValue(path)} in \`${root}\` can't go into a function: ${why}. Change that, or add it to .gloveboxignore`,
  );

const tooLarge = (root: string, what: string): Error =>
  invalidRequest(
    "workspace",
    `\`${root}\` is too large for a function of Lambda: ${what}. Add what the program does not need to .gloveboxignore`,
  );
