/**
 * @module
 * What the program has open, by number. The server owns the descriptors: a handle goes with RELEASE,
 * or with the server.
 */
import { hostCalls } from "./host-files.ts";
import type { Listing } from "./listing.ts";
import type { Node } from "./nodes.ts";
import { Refusal } from "./refusal.ts";

export interface OpenFile {
  readonly kind: "file";
  readonly node: Node;
  readonly fd: number;
  readonly isWritable: boolean;
  /** Its descriptor writes at the end, wherever it is told to. */
  readonly appends: boolean;
}

export interface OpenFolder {
  readonly kind: "folder";
  readonly node: Node;
  readonly listing: Listing;
}

export type Open = OpenFile | OpenFolder;

export interface HandleTable {
  /** Takes over what is open, also where it then throws. @throws {Refusal} EMFILE. */
  readonly add: (open: Open) => Promise<number>;
  /** @throws {Refusal} EBADF. */
  readonly file: (handle: number) => OpenFile;
  /** @throws {Refusal} EBADF. */
  readonly folder: (handle: number) => OpenFolder;
  /** A file that is open under this node, one for writing first. */
  readonly fileOf: (node: Node) => OpenFile | undefined;
  /** @throws {Refusal} EMFILE: before anybody is asked in vain. */
  readonly requireRoom: () => void;
  readonly release: (handle: number) => Promise<void>;
  /** What is added from now on is closed at once. */
  readonly close: () => Promise<void>;
  readonly size: () => number;
}

export const maxHandles = 1024;

export function createHandleTable(): HandleTable {
  const handles = new Map<number, Open>();
  let lastHandle = 0;
  let isClosed = false;

  const lookUp = <K extends Open["kind"]>(handle: number, kind: K): Extract<Open, { kind: K }> => {
    const open = handles.get(handle);
    if (open?.kind !== kind) throw new Refusal("EBADF");
    return open as Extract<Open, { kind: K }>;
  };

  const requireRoom = (): void => {
    if (isClosed || handles.size >= maxHandles) throw new Refusal("EMFILE");
  };

  return {
    requireRoom,
    add: async (open) => {
      try {
        requireRoom();
      } catch (error) {
        await closeOpen(open);
        throw error;
      }
      lastHandle += 1;
      handles.set(lastHandle, open);
      return lastHandle;
    },
    file: (handle) => lookUp(handle, "file"),
    folder: (handle) => lookUp(handle, "folder"),
    fileOf: (node) => {
      const files = [...handles.values()].filter((open) => open.kind === "file");
      const ofNode = files.filter((file) => file.node === node);
      return ofNode.find(({ isWritable }) => isWritable) ?? ofNode[0];
    },
    release: async (handle) => {
      const open = handles.get(handle);
      handles.delete(handle);
      if (open !== undefined) await closeOpen(open);
    },
    close: async () => {
      isClosed = true;
      const all = [...handles.values()];
      handles.clear();
      await Promise.all(all.map(closeOpen));
    },
    size: () => handles.size,
  };
}

/** What a failing close(2) could tell was told by fsync, or is of no use to anybody. */
async function closeOpen(open: Open): Promise<void> {
  await (open.kind === "file" ? hostCalls.close(open.fd) : open.listing.close()).catch(() => {});
}
