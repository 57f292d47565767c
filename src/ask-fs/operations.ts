/**
 * @module
 * Which request is served by what.
 */
import type { Waiter } from "./consent.ts";
import { rootNodeId } from "./protocol.ts";
import {
  getAttributes,
  lookUp,
  openFile,
  openFolder,
  readFile,
  readFolder,
  readLink,
  release,
  statFileSystem,
} from "./read-side.ts";
import { Refusal } from "./refusal.ts";
import { emptyReply, type Reply } from "./replies.ts";
import type { Operation } from "./requests.ts";
import type { Tree } from "./tree.ts";
import {
  createFile,
  makeFolder,
  makeLink,
  remove,
  rename,
  setAttributes,
  sync,
  writeFile,
} from "./write-side.ts";

/** Those that are answered at once or not at all: the server's own. */
export type ControlKind = "init" | "forget" | "interrupt" | "notifyReply";

export type FileOperation = Exclude<Operation, { readonly kind: ControlKind }>;

/** @throws {Refusal} And errors of the host's file system. */
export async function serveOperation(
  tree: Tree,
  waiter: Waiter,
  { nodeId, operation }: { readonly nodeId: number; readonly operation: FileOperation },
): Promise<Reply> {
  // Names nothing where the operation is about a handle.
  const node = () => tree.nodes.get(nodeId);
  switch (operation.kind) {
    case "lookup":
      return lookUp(tree, node(), operation.name);
    case "getattr":
      return getAttributes(tree, node(), operation.handle);
    case "readlink":
      return readLink(node());
    case "statfs":
      // Of the whole mount: the kernel names its root, whatever was asked for.
      return statFileSystem(tree.nodes.get(nodeId === 0 ? rootNodeId : nodeId));
    case "open":
      return openFile(tree, waiter, node(), operation.flags);
    case "opendir":
      return openFolder(tree, waiter, node());
    case "read":
      return readFile(tree, operation);
    case "readdir":
      return readFolder(tree, operation);
    case "release":
    case "releasedir":
      return release(tree, operation.handle);
    case "destroy":
      return emptyReply();
    default:
      return serveChange(tree, waiter, { node, operation });
  }
}

async function serveChange(
  tree: Tree,
  waiter: Waiter,
  {
    node,
    operation,
  }: { readonly node: () => ReturnType<Tree["nodes"]["get"]>; readonly operation: FileOperation },
): Promise<Reply> {
  switch (operation.kind) {
    case "setattr":
      return setAttributes(tree, waiter, node(), operation.change);
    case "create":
      return createFile(tree, waiter, { ...operation, parent: node() });
    case "mkdir":
      return makeFolder(tree, waiter, { ...operation, parent: node() });
    case "symlink":
      return makeLink(tree, waiter, { ...operation, parent: node() });
    case "unlink":
    case "rmdir":
      return remove(tree, waiter, { ...operation, parent: node() });
    case "rename": {
      const to = { parent: tree.nodes.get(operation.newParent), name: operation.newName };
      return rename(tree, waiter, { parent: node(), name: operation.name }, to);
    }
    case "write":
      return writeFile(tree, operation);
    case "fsync":
      return sync(tree, operation.handle);
    case "link":
    case "mknod":
      // A second name would carry contents past the rules for the first; devices and pipes are nobody's.
      throw new Refusal("EPERM");
    default:
      // The kernel then does without, and asks no more. Never for OPEN and OPENDIR: it would open
      // files by itself from then on.
      throw new Refusal("ENOSYS");
  }
}
