/**
 * @module
 * Files of the host, reached so that nobody can put something else in their way. A path is opened as a
 * name only (O_PATH), the kernel is asked where that descriptor really is, and everything else happens
 * through the descriptor: a symbolic link that takes a folder's place meanwhile leads nowhere.
 */
import * as fs from "node:fs";
import { promisify } from "node:util";
import { canBeOpened } from "./attributes.ts";
import { openPathFlag } from "./protocol.ts";
import { Refusal } from "./refusal.ts";

const { O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/** These wait in the thread pool, never in the event loop: a home may be on a slow network. */
export const hostCalls = {
  open: promisify(fs.open),
  close: promisify(fs.close),
  read: promisify(fs.read),
  write: promisify(fs.write),
  fsync: promisify(fs.fsync),
  truncate: promisify(fs.truncate),
  ftruncate: promisify(fs.ftruncate),
  readlink: promisify(fs.readlink),
  lstat: promisify(fs.lstat),
  fstat: promisify(fs.fstat),
  statfs: promisify(fs.statfs),
  chmod: promisify(fs.chmod),
  utimes: promisify(fs.utimes),
  mkdir: promisify(fs.mkdir),
  rmdir: promisify(fs.rmdir),
  unlink: promisify(fs.unlink),
  rename: promisify(fs.rename),
  symlink: promisify(fs.symlink),
} as const;

/** A descriptor as a path. It leads to the very inode, whatever its name is by now: proc_pid_fd(5). */
export const pathOfFd = (fd: number): string => `/proc/self/fd/${fd}`;

/**
 * A descriptor that only names what is at `hostPath`, which may be a symbolic link.
 *
 * @throws {Refusal} ESTALE where a part of the path is not what it was: the kernel then looks the
 * names up anew.
 */
export async function openName(hostPath: string): Promise<number> {
  const fd = await hostCalls.open(hostPath, openPathFlag | O_NOFOLLOW);
  if (isAt(fd, hostPath)) return fd;
  closeName(fd);
  throw new Refusal("ESTALE");
}

/** Of what is only named: nothing is open, so neither this nor `closeName` can wait for a disk. */
function isAt(fd: number, hostPath: string): boolean {
  try {
    return fs.readlinkSync(pathOfFd(fd)) === hostPath;
  } catch {
    return false;
  }
}

export function closeName(fd: number): void {
  fs.closeSync(fd);
}

/** Runs `use` with a descriptor of `openName`, and closes it. */
export async function withName<T>(hostPath: string, use: (fd: number) => Promise<T>): Promise<T> {
  const fd = await openName(hostPath);
  try {
    return await use(fd);
  } finally {
    closeName(fd);
  }
}

export interface NameInFolder {
  readonly folder: string;
  readonly name: string;
}

/** Runs `use` with a path whose last part alone is still to be resolved: what the at-calls do in C. */
export function withPlace<T>(
  { folder, name }: NameInFolder,
  use: (path: string) => Promise<T>,
): Promise<T> {
  return withName(folder, (fd) => use(`${pathOfFd(fd)}/${name}`));
}

/**
 * Opens what a descriptor of `openName` names: this inode and no other.
 *
 * @throws {Refusal} EACCES for what can't be opened without side effects.
 */
export async function openContent(nameFd: number, flags: number): Promise<number> {
  const stat = await statFd(nameFd);
  if (!canBeOpened(stat)) throw new Refusal("EACCES");
  return hostCalls.open(pathOfFd(nameFd), flags | O_NONBLOCK);
}

export const statFd = (fd: number): Promise<fs.BigIntStats> =>
  hostCalls.fstat(fd, { bigint: true });

export const statName = (hostPath: string): Promise<fs.BigIntStats> => withName(hostPath, statFd);
