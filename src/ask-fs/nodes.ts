/**
 * @module
 * What the kernel knows by number: a tree of names, kept as long as the kernel holds them.
 */
import type { BigIntStats } from "node:fs";
import type { NameInFolder } from "./host-files.ts";
import { rootNodeId } from "./protocol.ts";
import { type ErrorName, Refusal } from "./refusal.ts";
import type { Forgotten } from "./requests.ts";

export interface AskFsRoot {
  /** Absolute, without symbolic links. */
  readonly hostPath: string;
  readonly kind: "folder" | "file";
}

export interface Node {
  readonly id: number;
  /** Undefined for the root of the mount, and for what was removed or replaced. */
  parent: Node | undefined;
  name: string;
  /** Set on the children of the root of the mount. */
  readonly root?: AskFsRoot;
  /** How often it was told to the kernel, which says when it forgets. */
  lookups: number;
  readonly children: Map<string, Node>;
  /** Another file under the same name is another node. */
  identity: string;
}

export interface NodeTable {
  /** @throws {Refusal} ESTALE. */
  readonly get: (id: number) => Node;
  /** Tells the kernel of a name once more. @throws {Refusal} ENOMEM where there are too many. */
  readonly remember: (parent: Node, name: string, stat: BigIntStats) => Node;
  readonly forget: (forgotten: Forgotten) => void;
  /** It has no name any more; who has it open keeps it. */
  readonly detach: (parent: Node, name: string) => void;
  readonly move: (from: { parent: Node; name: string }, to: { parent: Node; name: string }) => void;
  readonly size: () => number;
}

export const maxNodes = 100_000;

const FILE_TYPE_SHIFT = 12n;

export function createNodeTable(roots: readonly AskFsRoot[]): NodeTable {
  const top: Node = { ...newNode(rootNodeId, undefined, ""), lookups: 1 };
  const nodes = new Map([[top.id, top]]);
  let lastId = top.id;

  const add = (parent: Node, name: string): Node => {
    if (nodes.size >= maxNodes) throw new Refusal("ENOMEM");
    const root = parent === top ? roots[Number(name)] : undefined;
    const node = { ...newNode((lastId += 1), parent, name), ...(root && { root }) };
    nodes.set(node.id, node);
    parent.children.set(name, node);
    return node;
  };

  /** A folder is kept as long as what is in it, which is named by it. */
  const removeUnused = (node: Node): void => {
    if (node.lookups > 0 || node.children.size > 0) return;
    nodes.delete(node.id);
    node.parent?.children.delete(node.name);
    if (node.parent !== undefined) removeUnused(node.parent);
  };

  const detach = (parent: Node, name: string): void => {
    const node = parent.children.get(name);
    parent.children.delete(name);
    if (node !== undefined) removeUnused(Object.assign(node, { parent: undefined }));
  };

  const remember = (parent: Node, name: string, stat: BigIntStats): Node => {
    if (nodes.get(parent.id) !== parent) throw new Refusal("ESTALE");
    const identity = identityOf(stat);
    const known = parent.children.get(name);
    // A root is what is at its path: it is mounted somewhere, and can't be another node later.
    if (known?.identity !== identity && known?.root === undefined) detach(parent, name);
    const node = parent.children.get(name) ?? add(parent, name);
    node.identity = identity;
    node.lookups += 1;
    return node;
  };

  return {
    get: (id) => nodes.get(id) ?? fail("ESTALE"),
    remember,
    forget: ({ nodeId, lookups }) => {
      const node = nodes.get(nodeId);
      if (node === undefined || node === top) return;
      node.lookups = Math.max(0, node.lookups - lookups);
      removeUnused(node);
    },
    detach,
    move: (from, to) => {
      const node = from.parent.children.get(from.name);
      if (node === undefined || to.parent.children.get(to.name) === node) return;
      detach(to.parent, to.name);
      from.parent.children.delete(from.name);
      to.parent.children.set(to.name, Object.assign(node, to));
    },
    size: () => nodes.size,
  };
}

/** Device, inode, and kind: an inode number is given out again. */
const identityOf = ({ dev, ino, mode }: BigIntStats): string =>
  `${dev}:${ino}:${mode >> FILE_TYPE_SHIFT}`;

function fail(errorName: ErrorName): never {
  throw new Refusal(errorName);
}

function newNode(id: number, parent: Node | undefined, name: string): Node {
  return { id, parent, name, lookups: 0, children: new Map(), identity: "" };
}

/**
 * Where a node is on the host.
 *
 * @throws {Refusal} EACCES for the root of the mount, which is nothing of the host's; ESTALE for what
 * has no name any more.
 */
export function hostPathOf(node: Node): string {
  if (node.root !== undefined) return node.root.hostPath;
  if (node.id === rootNodeId) throw new Refusal("EACCES");
  if (node.parent === undefined) throw new Refusal("ESTALE");
  return joinPath(hostPathOf(node.parent), node.name);
}

/**
 * A place inside a folder of the host.
 *
 * @param hidden Host paths that do not exist for the program.
 * @throws {Refusal} ENOENT for these, and for a name that isn't UTF-8: nobody could be asked about it,
 * and no rule could name it.
 */
export function childPlace(parent: Node, name: string, hidden: readonly string[]): NameInFolder {
  const folder = hostPathOf(parent);
  const path = joinPath(folder, name);
  if (isUnnameable(name) || isHidden(path, hidden)) throw new Refusal("ENOENT");
  return { folder, name };
}

export const isHidden = (path: string, hidden: readonly string[]): boolean =>
  hidden.some((hiddenPath) => path === hiddenPath || path.startsWith(`${hiddenPath}/`));

/** U+FFFD stands for bytes that aren't UTF-8. */
export const isUnnameable = (name: string): boolean => name.includes("\ufffd");

export const pathOfPlace = ({ folder, name }: NameInFolder): string => joinPath(folder, name);

const joinPath = (folder: string, name: string): string =>
  folder === "/" ? `/${name}` : `${folder}/${name}`;
