/**
 * @module
 * Ways to files below a folder that lead nowhere else, whoever moves things in there meanwhile: each
 * folder on the way is opened by its name in the one above, and no symbolic link is followed. Node has
 * no openat(2); the names in `/proc/self/fd` stand for it.
 */
import { closeSync, constants, lstatSync, openSync, type BigIntStats } from "node:fs";
import type { BytePath } from "../core/changes.ts";
import { folderOf } from "../core/changes.ts";
import type { Seen } from "./change-set.ts";

const OPEN_FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

export interface FolderWalk extends Disposable {
  /** The folder's fd, for as long as no other path is asked for. Undefined: no folder is there. */
  readonly open: (folder: BytePath) => number | undefined;
  /** A path for calls that don't follow a link at its end. Undefined: the folder is not there. */
  readonly pathOf: (path: BytePath) => Buffer | undefined;
  /** Undefined: nothing is there. */
  readonly look: (path: BytePath) => BigIntStats | undefined;
}

/** @throws where the top can't be opened, or is a link. */
export function walkFolder(top: string): FolderWalk {
  const topFd = openSync(top, OPEN_FOLDER);
  /** From the top to where the last one was. */
  let way: { readonly name: string; readonly fd: number }[] = [];

  const open = (folder: BytePath): number | undefined => {
    const names = folder === "" ? [] : folder.split("/");
    const shared = names.findIndex((name, index) => way[index]?.name !== name);
    const kept = shared < 0 ? names.length : shared;
    for (const { fd } of way.splice(kept)) closeSync(fd);
    for (const name of names.slice(kept)) {
      const above = way.at(-1)?.fd ?? topFd;
      const fd = openIfThere(nameIn(above, name));
      if (fd === undefined) return undefined;
      way.push({ name, fd });
    }
    return way.at(-1)?.fd ?? topFd;
  };
  const pathOf = (path: BytePath): Buffer | undefined => {
    const above = open(folderOf(path));
    return above === undefined ? undefined : nameIn(above, nameOf(path));
  };
  return {
    open,
    pathOf,
    look: (path) => {
      const way = path === "" ? Buffer.from(`/proc/self/fd/${topFd}/.`) : pathOf(path);
      return way === undefined
        ? undefined
        : lstatSync(way, { bigint: true, throwIfNoEntry: false });
    },
    [Symbol.dispose]: () => {
      for (const { fd } of way) closeSync(fd);
      way = [];
      closeSync(topFd);
    },
  };
}

export const nameOf = (path: BytePath): string => path.slice(path.lastIndexOf("/") + 1);

/** A path to what has this name in an open folder. */
export const nameIn = (folder: number, name: BytePath): Buffer =>
  Buffer.concat([Buffer.from(`/proc/self/fd/${folder}/`), Buffer.from(name, "latin1")]);

function openIfThere(path: Buffer): number | undefined {
  try {
    return openSync(path, OPEN_FOLDER);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && ["ENOENT", "ENOTDIR", "ELOOP", "EACCES"].includes(code)) {
      return undefined;
    }
    throw error;
  }
}

export const seenOf = ({ dev, ino, size, mtimeNs }: BigIntStats): Seen => ({
  dev: String(dev),
  ino: String(ino),
  size: Number(size),
  mtimeNs: String(mtimeNs),
});
