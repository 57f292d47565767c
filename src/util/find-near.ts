/**
 * @module
 * Files of certain names in a folder and in the folders near its top, as a project has folders of its own.
 */
import { lstatSync, readdirSync, type Dirent } from "node:fs";

export interface Near {
  /** Below the folder. */
  readonly path: string;
  /** `other`: a symbolic link, a socket. */
  readonly kind: "folder" | "file" | "other";
}

/** Folders in folders that are looked into. */
const maxDepth = 4;
/** Nearer ones first: as many as a start can wait for, some ten milliseconds. */
const maxFolders = 1_000;
/** Each may become a mount. */
const maxFound = 256;

/** What is in there is no project of the user, or is named by the paths that are looked for. */
const leftOut: readonly string[] = ["node_modules", ".git"];

/**
 * @param wanted Paths, below the folder itself or below one in it.
 * @returns Nearer ones first, in the order of `wanted`. No link is followed; what can't be looked into
 * has nothing in it.
 */
export function findNear(folder: string, wanted: readonly string[]): readonly Near[] {
  const firstNames = wanted.map((path) => [path.split("/", 1)[0] ?? "", path] as const);
  const found: Near[] = [];
  const queue = [{ path: "", depth: 0 }];
  for (const { path, depth } of queue) {
    const entries = entriesOf(`${folder}/${path}`);
    const names = new Set(entries.map(({ name }) => name));
    for (const [first, each] of firstNames) {
      if (!names.has(first)) continue;
      const near = findIn(folder, `${path}${each}`);
      if (near !== undefined) found.push(near);
      if (found.length >= maxFound) return found;
    }
    if (depth >= maxDepth) continue;
    for (const entry of entries) {
      const isLookedInto = entry.isDirectory() && !leftOut.includes(entry.name);
      if (isLookedInto && queue.length < maxFolders) {
        queue.push({ path: `${path}${entry.name}/`, depth: depth + 1 });
      }
    }
  }
  return found;
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Undefined where it is not there, or is reached through a link only. */
export function findIn(folder: string, path: string): Near | undefined {
  const parts = path.split("/");
  const above = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join("/"));
  if (above.some((each) => kindOf(`${folder}/${each}`) !== "folder")) return undefined;
  const kind = kindOf(`${folder}/${path}`);
  return kind && { path, kind };
}

function kindOf(path: string): Near["kind"] | undefined {
  try {
    const status = lstatSync(path);
    return status.isDirectory() ? "folder" : status.isFile() ? "file" : "other";
  } catch {
    return undefined;
  }
}
