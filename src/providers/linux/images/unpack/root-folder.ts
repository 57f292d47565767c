/**
 * @module
 * Paths of an image, found in the folder that it is unpacked into: a link inside leads to where it
 * would lead if that folder were `/`. Runs inside a sandbox, so that a mistake here is none of the
 * host's. Paths are byte strings (latin1), as in tar.ts.
 */
import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmdirSync, unlinkSync } from "node:fs";
import type { Stats } from "node:fs";

/**
 * Of a whole path inside. The kernel takes 4096 bytes, PATH_MAX, and on the host the store's folder stands
 * before it. Images that people use stay below 300.
 */
const MAX_PATH_BYTES = 2048;
/** As the kernel: path_resolution(7). */
const MAX_LINKS = 40;

export class RootFolder {
  readonly #root: string;
  readonly #onFolder: () => void;
  /** From folders as they are written to where they are. */
  readonly #found = new Map<string, string>();

  /**
   * @param root Absolute; all that is in it may be changed.
   * @param onFolder Called before each folder that is made because a path names it; may throw.
   */
  constructor(root: string, onFolder: () => void) {
    this.#root = root;
    this.#onFolder = onFolder;
  }

  /** What the file system calls take. */
  bytes(path: string): Buffer {
    return Buffer.from(this.#root + path, "latin1");
  }

  status(path: string): Stats | undefined {
    return lstatSync(this.bytes(path), { throwIfNoEntry: false });
  }

  /**
   * Where an entry belongs: a path without links and `..` before its last part. Folders above it are
   * made where they are missing. Empty for the root itself.
   *
   * @throws {Error} For a path that is too long, also by the links in it.
   */
  place(written: string): string {
    const parts = plainParts(written);
    const name = parts.pop();
    return name === undefined ? "" : bounded(`${this.#folder(parts.join("/"))}/${name}`);
  }

  /** Removes what is there, with all that is below it; follows no link. */
  remove(path: string): void {
    this.#found.clear();
    const status = this.status(path);
    if (status === undefined) return;
    if (!status.isDirectory()) {
      unlinkSync(this.bytes(path));
      return;
    }
    for (const name of this.names(path)) this.remove(`${path}/${name}`);
    rmdirSync(this.bytes(path));
  }

  names(path: string): readonly string[] {
    return readdirSync(this.bytes(path), "buffer").map((name) => name.toString("latin1"));
  }

  /** A folder of the image, behind all links; made where it is missing. */
  #folder(written: string): string {
    const known = this.#found.get(written);
    if (known !== undefined) return known;
    const waiting = written.split("/").filter((part) => part !== "");
    let path = "";
    let links = 0;
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      if (part === "." || part === "") continue;
      if (part === "..") {
        path = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
        continue;
      }
      const next = bounded(`${path}/${part}`);
      const status = this.status(next);
      if (status?.isSymbolicLink() === true) {
        if (++links > MAX_LINKS) throw new Error("links lead in a circle");
        const target = readlinkSync(this.bytes(next), "buffer").toString("latin1");
        if (target.startsWith("/")) path = "";
        waiting.unshift(...target.split("/"));
        continue;
      }
      if (status === undefined) this.#makeFolder(next);
      else if (!status.isDirectory()) throw new Error("an entry lies below a file");
      path = next;
    }
    this.#found.set(written, path);
    return path;
  }

  #makeFolder(path: string): void {
    this.#onFolder();
    mkdirSync(this.bytes(path), 0o755);
  }
}

function bounded(path: string): string {
  if (path.length > MAX_PATH_BYTES) throw new Error("a path is too long");
  return path;
}

/** `..` at the root stays there. */
function plainParts(written: string): string[] {
  if (written.length > MAX_PATH_BYTES || written.includes("\0")) {
    throw new Error("a path is too long, or holds a NUL");
  }
  const parts: string[] = [];
  for (const part of written.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}
