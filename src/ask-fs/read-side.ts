/**
 * @module
 * Looking, opening, reading. What is there, and how large, is shown to all; what is in it is asked
 * about at each open.
 */
import type { BigIntStats } from "node:fs";
import { basename, dirname } from "node:path/posix";
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
import { openListing } from "./listing.ts";
import { childPlace, hostPathOf, isHidden, type Node, pathOfPlace } from "./nodes.ts";
import { appends, hostFlags, isChange, isForWriting } from "./open-flags.ts";
import { replyHeaderBytes, rootNodeId } from "./protocol.ts";
import { Refusal } from "./refusal.ts";
import {
  attributesReply,
  bytesReply,
  dataReply,
  emptyReply,
  entryReply,
  openReply,
  type Reply,
  statfsReply,
} from "./replies.ts";
import { ask, shown, type Tree } from "./tree.ts";

export async function lookUp(tree: Tree, parent: Node, name: string): Promise<Reply> {
  const stat = await statName(childPath(tree, parent, name));
  const node = tree.nodes.remember(parent, name, stat);
  return entryReply(node.id, shown(tree, stat));
}

/** The children of the mount's root are the roots, by their number. */
function childPath(tree: Tree, parent: Node, name: string): string {
  if (parent.id !== rootNodeId) return pathOfPlace(childPlace(parent, name, tree.hidden));
  const root = tree.roots.find((_, index) => name === String(index));
  if (root === undefined || isHidden(root.hostPath, tree.hidden)) throw new Refusal("ENOENT");
  return root.hostPath;
}

export async function getAttributes(tree: Tree, node: Node, handle?: number): Promise<Reply> {
  return attributesReply(shown(tree, await statNode(tree, node, handle)));
}

/** What has no name any more is still there for who has it open. */
function statNode(tree: Tree, node: Node, handle?: number): Promise<BigIntStats> {
  if (handle !== undefined) return statFd(tree.handles.file(handle).fd);
  const open = node.parent === undefined ? tree.handles.fileOf(node) : undefined;
  return open === undefined ? statName(shownPathOf(node)) : statFd(open.fd);
}

/** The root of the mount, which no program sees, looks like the host's. */
const shownPathOf = (node: Node): string => (node.id === rootNodeId ? "/" : hostPathOf(node));

/** Only the text: where it leads is resolved inside, and asked about there. */
export async function readLink(node: Node): Promise<Reply> {
  const path = hostPathOf(node);
  const place = { folder: dirname(path), name: basename(path) };
  const options = { encoding: "buffer" } as const;
  return bytesReply(await withPlace(place, (link) => hostCalls.readlink(link, options)));
}

export async function statFileSystem(node: Node): Promise<Reply> {
  return statfsReply(await withName(shownPathOf(node), (fd) => hostCalls.statfs(pathOfFd(fd))));
}

export async function openFile(
  tree: Tree,
  waiter: Waiter,
  node: Node,
  flags: number,
): Promise<Reply> {
  tree.handles.requireRoom();
  const path = hostPathOf(node);
  await ask(tree, waiter, isChange(flags) ? "write" : "read", path);
  // After the question, which may have taken long: what is there now is what was allowed.
  const fd = await withName(path, (nameFd) => openContent(nameFd, hostFlags(flags)));
  const access = { isWritable: isForWriting(flags), appends: appends(flags) };
  return openReply(await tree.handles.add({ kind: "file", node, fd, ...access }));
}

export async function openFolder(tree: Tree, waiter: Waiter, node: Node): Promise<Reply> {
  tree.handles.requireRoom();
  const path = hostPathOf(node);
  await ask(tree, waiter, "list", path);
  const isHiddenName = (name: string): boolean =>
    isHidden(pathOfPlace({ folder: path, name }), tree.hidden);
  const listing = await openListing(path, isHiddenName, tree.names);
  return openReply(await tree.handles.add({ kind: "folder", node, listing }));
}

export interface Extent {
  readonly handle: number;
  readonly offset: number;
  readonly size: number;
}

export async function readFile(tree: Tree, { handle, offset, size }: Extent): Promise<Reply> {
  const { fd } = tree.handles.file(handle);
  // No file reaches beyond, of those that we can read.
  if (!Number.isSafeInteger(offset + size)) return emptyReply();
  const reply = dataReply(size);
  // Of a regular file, less than was asked for is all there is: to the kernel too it is the end.
  const { bytesRead } = await hostCalls.read(fd, reply, replyHeaderBytes, size, offset);
  return reply.subarray(0, replyHeaderBytes + bytesRead);
}

export async function readFolder(tree: Tree, { handle, offset, size }: Extent): Promise<Reply> {
  return tree.handles.folder(handle).listing.page(offset, size);
}

export async function release(tree: Tree, handle: number): Promise<Reply> {
  await tree.handles.release(handle);
  return emptyReply();
}
