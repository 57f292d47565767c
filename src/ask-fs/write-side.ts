/**
 * @module
 * Changing what is on the host: each change is asked about by the path that it changes.
 */
import { constants } from "node:fs";
import type { Waiter } from "./consent.ts";
import {
  hostCalls,
  openContent,
  pathOfFd,
  statFd,
  statName,
  withName,
  withPlace,
} from "./host-files.ts";
import { childPlace, hostPathOf, isUnnameable, type Node, pathOfPlace } from "./nodes.ts";
import { appends, hostFlags, isForWriting, mustBeNew } from "./open-flags.ts";
import { Refusal } from "./refusal.ts";
import {
  attributesReply,
  createReply,
  emptyReply,
  entryReply,
  type Reply,
  writeReply,
} from "./replies.ts";
import type { AttributeChange } from "./requests.ts";
import { ask, shown, type Tree } from "./tree.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;

const PERMISSIONS = 0o777;

/** A name in a folder, as a program gives it. */
export interface Named {
  readonly parent: Node;
  readonly name: string;
}

export async function createFile(
  tree: Tree,
  waiter: Waiter,
  { parent, name, flags, mode }: Named & { readonly flags: number; readonly mode: number },
): Promise<Reply> {
  tree.handles.requireRoom();
  const place = childPlace(parent, name, tree.hidden);
  const path = pathOfPlace(place);
  await ask(tree, waiter, "write", path);
  const newFlags = hostFlags(flags) | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK;
  const fd = await withPlace(place, (newPath) =>
    hostCalls.open(newPath, newFlags, mode & PERMISSIONS),
  ).catch((error: unknown) => {
    // Somebody on the host was faster.
    const isThere = (error as NodeJS.ErrnoException).code === "EEXIST";
    if (!isThere || mustBeNew(flags)) throw error;
    return withName(path, (nameFd) => openContent(nameFd, hostFlags(flags)));
  });
  return keepCreated(tree, { parent, name, flags, fd });
}

async function keepCreated(
  tree: Tree,
  { parent, name, flags, fd }: Named & { readonly flags: number; readonly fd: number },
): Promise<Reply> {
  const { node, stat } = await rememberFd(tree, { parent, name, fd });
  try {
    const access = { isWritable: isForWriting(flags), appends: appends(flags) };
    const handle = await tree.handles.add({ kind: "file", node, fd, ...access });
    return createReply(node.id, shown(tree, stat), handle);
  } catch (error) {
    tree.nodes.forget({ nodeId: node.id, lookups: 1 });
    throw error;
  }
}

async function rememberFd(tree: Tree, { parent, name, fd }: Named & { readonly fd: number }) {
  try {
    const stat = await statFd(fd);
    return { stat, node: tree.nodes.remember(parent, name, stat) };
  } catch (error) {
    await hostCalls.close(fd);
    throw error;
  }
}

export async function makeFolder(
  tree: Tree,
  waiter: Waiter,
  { parent, name, mode }: Named & { readonly mode: number },
): Promise<Reply> {
  return make(tree, waiter, { parent, name }, (path) => hostCalls.mkdir(path, mode & PERMISSIONS));
}

/** The text is the program's; nobody of ours follows it. */
export async function makeLink(
  tree: Tree,
  waiter: Waiter,
  { parent, name, target }: Named & { readonly target: string },
): Promise<Reply> {
  if (isUnnameable(target)) throw new Refusal("EILSEQ");
  return make(tree, waiter, { parent, name }, (path) => hostCalls.symlink(target, path));
}

async function make(
  tree: Tree,
  waiter: Waiter,
  { parent, name }: Named,
  makeAt: (path: string) => Promise<unknown>,
): Promise<Reply> {
  const place = childPlace(parent, name, tree.hidden);
  await ask(tree, waiter, "write", pathOfPlace(place));
  await withPlace(place, makeAt);
  const stat = await statName(pathOfPlace(place));
  const node = tree.nodes.remember(parent, name, stat);
  return entryReply(node.id, shown(tree, stat));
}

export async function remove(
  tree: Tree,
  waiter: Waiter,
  { parent, name, kind }: Named & { readonly kind: "unlink" | "rmdir" },
): Promise<Reply> {
  const place = childPlace(parent, name, tree.hidden);
  await ask(tree, waiter, "write", pathOfPlace(place));
  await withPlace(place, hostCalls[kind]);
  tree.nodes.detach(parent, name);
  return emptyReply();
}

/**
 * Only files. A renamed folder would take what is in it along, past the rules for these paths: denied
 * or hidden ones would have new names. As on overlayfs, `mv` then copies, and each file is asked about.
 */
export async function rename(tree: Tree, waiter: Waiter, from: Named, to: Named): Promise<Reply> {
  const source = childPlace(from.parent, from.name, tree.hidden);
  const target = childPlace(to.parent, to.name, tree.hidden);
  await requireNoFolder(pathOfPlace(source));
  await ask(tree, waiter, "write", pathOfPlace(source));
  await ask(tree, waiter, "write", pathOfPlace(target));
  await withPlace(source, (sourcePath) =>
    withPlace(target, async (targetPath) => {
      const stat = await hostCalls.lstat(sourcePath);
      if (stat.isDirectory()) throw new Refusal("EXDEV");
      await hostCalls.rename(sourcePath, targetPath);
    }),
  );
  tree.nodes.move(from, to);
  return emptyReply();
}

/** Before anybody is asked in vain. */
async function requireNoFolder(path: string): Promise<void> {
  if ((await statName(path)).isDirectory()) throw new Refusal("EXDEV");
}

export async function setAttributes(
  tree: Tree,
  waiter: Waiter,
  node: Node,
  change: AttributeChange,
): Promise<Reply> {
  requirePlainChange(tree, change);
  // Whoever has it open for writing was allowed to: cp sets mode and times of what it has just written.
  const open =
    change.handle === undefined ? tree.handles.fileOf(node) : tree.handles.file(change.handle);
  if (open?.isWritable === true) {
    if (change.size !== undefined) await hostCalls.ftruncate(open.fd, requireSize(change.size));
    return attributesReply(shown(tree, await changeFd(open.fd, change)));
  }
  const path = hostPathOf(node);
  await ask(tree, waiter, "write", path);
  const stat = await withName(path, async (fd) => {
    if (change.size !== undefined) await truncateName(fd, requireSize(change.size));
    return changeFd(fd, change);
  });
  return attributesReply(shown(tree, stat));
}

/** Files belong to whom they belong on the host, and nothing may run as its owner. */
function requirePlainChange({ owner }: Tree, { uid, gid, mode }: AttributeChange): void {
  const isForeign = (uid ?? owner.uid) !== owner.uid || (gid ?? owner.gid) !== owner.gid;
  if (isForeign || ((mode ?? 0) & 0o7000) !== 0) throw new Refusal("EPERM");
}

function requireSize(size: number): number {
  if (!Number.isSafeInteger(size)) throw new Refusal("EFBIG");
  return size;
}

async function truncateName(nameFd: number, size: number): Promise<void> {
  const fd = await openContent(nameFd, O_WRONLY);
  try {
    await hostCalls.ftruncate(fd, size);
  } finally {
    await hostCalls.close(fd);
  }
}

/** @param fd May only name the file. */
async function changeFd(fd: number, { mode, atime, mtime }: AttributeChange) {
  const path = pathOfFd(fd);
  if (mode !== undefined) await hostCalls.chmod(path, mode & PERMISSIONS);
  if (atime !== undefined || mtime !== undefined) {
    const { atimeMs, mtimeMs } = await statFd(fd);
    const seconds = (time: number | "now" | undefined, before: bigint): number =>
      time === "now" ? Date.now() / 1000 : (time ?? Number(before) / 1000);
    await hostCalls.utimes(path, seconds(atime, atimeMs), seconds(mtime, mtimeMs));
  }
  return statFd(fd);
}

export async function writeFile(
  tree: Tree,
  request: {
    readonly handle: number;
    readonly offset: number;
    readonly isFromCache: boolean;
    readonly data: Buffer;
  },
): Promise<Reply> {
  const { fd, isWritable, appends: isAppending } = tree.handles.file(request.handle);
  const { data, offset } = request;
  if (!isWritable) throw new Refusal("EBADF");
  if (!Number.isSafeInteger(offset + data.byteLength)) throw new Refusal("EFBIG");
  if (!isAppending || !request.isFromCache) return writeReply(await writeAll(fd, data, offset));
  // A page belongs where it is, not at the end.
  const plainFd = await hostCalls.open(pathOfFd(fd), O_WRONLY | O_NONBLOCK);
  try {
    return writeReply(await writeAll(plainFd, data, offset));
  } finally {
    await hostCalls.close(plainFd);
  }
}

/** How much was written: less only where there is no room for more. */
async function writeAll(fd: number, data: Buffer, offset: number): Promise<number> {
  let done = 0;
  while (done < data.byteLength) {
    const left = data.byteLength - done;
    const { bytesWritten } = await hostCalls
      .write(fd, data, done, left, offset + done)
      .catch((error: unknown) => {
        if (done === 0) throw error;
        return { bytesWritten: 0 };
      });
    if (bytesWritten === 0) break;
    done += bytesWritten;
  }
  return done;
}

export async function sync(tree: Tree, handle: number): Promise<Reply> {
  await hostCalls.fsync(tree.handles.file(handle).fd);
  return emptyReply();
}
