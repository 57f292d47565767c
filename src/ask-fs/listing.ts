/**
 * @module
 * The names in a folder, read as far as somebody wants to know them. A name keeps its place for as
 * long as the folder is open.
 */
import { type Dir, type Dirent, constants } from "node:fs";
import { opendir } from "node:fs/promises";
import { closeName, openName, pathOfFd } from "./host-files.ts";
import { isUnnameable } from "./nodes.ts";
import { replyHeaderBytes, unknownInode } from "./protocol.ts";
import { Refusal } from "./refusal.ts";
import { dataReply, type Reply } from "./replies.ts";

export interface Listing {
  /** The entries from `offset` on that fit into `size` bytes. None: the end. */
  readonly page: (offset: number, size: number) => Promise<Reply>;
  readonly close: () => Promise<void>;
}

interface Entry {
  readonly name: string;
  /** Of the file, as d_type has it. */
  readonly type: number;
}

/** How many names all open folders together may keep in our memory, at about a hundred bytes each. */
export interface NameBudget {
  left: number;
}

export const createNameBudget = (): NameBudget => ({ left: 500_000 });

const OWN_ENTRIES = [".", ".."] as const;
const READ_AHEAD = 256;
const ENTRY_HEADER_BYTES = 24;

/** @param isHidden For names that do not exist. */
export async function openListing(
  hostPath: string,
  isHidden: (name: string) => boolean,
  budget: NameBudget,
): Promise<Listing> {
  // Stays open: where a file system tells no types, Node looks at each file through this path.
  const fd = await openName(hostPath);
  try {
    const dir = await opendir(pathOfFd(fd), { bufferSize: READ_AHEAD });
    return listingOf(dir, fd, isHidden, budget);
  } catch (error) {
    closeName(fd);
    throw error;
  }
}

function listingOf(
  dir: Dir,
  fd: number,
  isHidden: (name: string) => boolean,
  budget: NameBudget,
): Listing {
  const entries: Entry[] = OWN_ENTRIES.map((name) => ({ name, type: typeBits.folder }));
  let isComplete = false;
  /** Two threads may read one open folder; Node's `Dir` may not be read twice at a time. */
  let lastPage: Promise<unknown> = Promise.resolve();

  const readNext = async (): Promise<void> => {
    const found = await dir.read();
    if (found === null) isComplete = true;
    else if (budget.left === 0) throw new Refusal("ENOMEM");
    else if (!isUnnameable(found.name) && !isHidden(found.name)) {
      budget.left -= 1;
      entries.push({ name: found.name, type: typeOf(found) });
    }
  };

  const page = async (offset: number, size: number): Promise<Reply> => {
    const reply = dataReply(size);
    let end = replyHeaderBytes;
    for (let index = offset; ; index += 1) {
      while (index >= entries.length && !isComplete) await readNext();
      const entry = entries[index];
      if (entry === undefined) break;
      const bytes = entryBytes(entry);
      if (end + bytes > reply.byteLength) break;
      writeEntry(reply.subarray(end, end + bytes), entry, index + 1);
      end += bytes;
    }
    return reply.subarray(0, end);
  };

  return {
    page: (offset, size) => {
      const next = lastPage.then(() => page(offset, size));
      lastPage = next.catch(() => {});
      return next;
    },
    close: async () => {
      await lastPage;
      budget.left += entries.length - OWN_ENTRIES.length;
      await dir.close().catch(() => {});
      closeName(fd);
    },
  };
}

/** Each begins at a multiple of eight. */
const entryBytes = ({ name }: Entry): number =>
  (ENTRY_HEADER_BYTES + Buffer.byteLength(name) + 7) & ~7;

function writeEntry(target: Buffer, { name, type }: Entry, nextOffset: number): void {
  target.fill(0);
  target.writeBigUInt64LE(unknownInode, 0);
  target.writeBigUInt64LE(BigInt(nextOffset), 8);
  target.writeUInt32LE(Buffer.byteLength(name), 16);
  target.writeUInt32LE(type, 20);
  target.write(name, ENTRY_HEADER_BYTES);
}

/** As in d_type: the type part of a mode. */
const typeBits = {
  unknown: 0,
  file: constants.S_IFREG >> 12,
  folder: constants.S_IFDIR >> 12,
  link: constants.S_IFLNK >> 12,
} as const;

function typeOf(entry: Dirent): number {
  if (entry.isFile()) return typeBits.file;
  if (entry.isDirectory()) return typeBits.folder;
  return entry.isSymbolicLink() ? typeBits.link : typeBits.unknown;
}
