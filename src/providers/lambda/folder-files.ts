/**
 * @module
 * What of a folder goes into a package: all but what .gitignore and .gloveboxignore leave out, in each
 * folder for what lies below it, as git reads them.
 */
import { lstat, readdir, readFile, readlink, stat } from "node:fs/promises";
import { join, posix, relative } from "node:path";
import ignore, { type Ignore } from "ignore";
import { invalidRequest } from "../../core/errors.ts";
import { maxUnzippedBytes } from "./bounds.ts";

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
const MAX_IGNORE_BYTES = 1024 * 1024;

/**
 * Sorted by path. Links that lead out of the folder, and what is neither file nor folder, are left out.
 *
 * @throws {GloveboxError} `INVALID_REQUEST` for a folder that is too large for a function, before it was
 * read to its end.
 */
export async function readFolder(
  root: string,
  signal: AbortSignal,
): Promise<readonly PackagedFile[]> {
  const files: PackagedFile[] = [];
  let bytes = 0;
  const visit = async (folder: string, above: readonly Rules[]): Promise<void> => {
    const rules = [...above, ...(await rulesOf(root, folder))];
    const entries = await readdir(join(root, folder), { withFileTypes: true });
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      signal.throwIfAborted();
      const path = posix.join(folder, entry.name);
      if (folder === "" && never.some((name) => name === entry.name)) continue;
      if (isIgnored(path, entry.isDirectory(), rules)) continue;
      if (entry.isDirectory()) await visit(path, rules);
      else if (entry.isFile() || entry.isSymbolicLink()) {
        const file = await readEntry(root, path, maxUnzippedBytes - bytes);
        if (file === undefined) continue;
        files.push(file);
        bytes += file.content.byteLength;
        if (files.length > MAX_FILES) throw tooLarge(root, `more than ${MAX_FILES} files`);
      }
    }
  };
  await visit("", []);
  return files;
}

async function rulesOf(root: string, folder: string): Promise<readonly Rules[]> {
  const texts: string[] = [];
  for (const name of ignoreFiles) {
    const path = join(root, folder, name);
    const status = await stat(path).catch(() => undefined);
    if (status?.isFile() !== true) continue;
    if (status.size > MAX_IGNORE_BYTES)
      throw invalidRequest("workspace", `\`${path}\` is too large to be a list of files`);
    texts.push(await readFile(path, "utf8"));
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

async function readEntry(
  root: string,
  path: string,
  room: number,
): Promise<PackagedFile | undefined> {
  const full = join(root, path);
  const status = await lstat(full);
  if (status.isSymbolicLink()) {
    const target = await readlink(full);
    const end = posix.normalize(posix.join(posix.dirname(path), target));
    const leadsOut = posix.isAbsolute(target) || end === ".." || end.startsWith("../");
    return leadsOut ? undefined : { path, content: Buffer.from(target), kind: "link" };
  }
  if (status.size > room) {
    throw tooLarge(
      root,
      `more than ${maxUnzippedBytes / 1024 ** 2} MB; \`${relative(root, full)}\` has ${status.size} bytes`,
    );
  }
  const content = await readFile(full);
  return { path, content, kind: (status.mode & 0o111) === 0 ? "file" : "executable" };
}

const tooLarge = (root: string, what: string): Error =>
  invalidRequest(
    "workspace",
    `\`${root}\` is too large for a function of Lambda: ${what}. Add what the program does not need to .gloveboxignore`,
  );
