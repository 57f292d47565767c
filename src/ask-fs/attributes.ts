/**
 * @module
 * What is shown of a file without a question.
 */
import { type BigIntStats, constants } from "node:fs";

/** User and group inside, to whom everything seems to belong. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export const attributeBytes = 88;

const PERMISSION_BITS = 0o7777n;
const NANOSECONDS = 1_000_000_000n;

/** Writes a `struct fuse_attr`. */
export function writeAttributes(
  target: Buffer,
  offset: number,
  { stat, owner }: { readonly stat: BigIntStats; readonly owner: Owner },
): void {
  const times = [stat.atimeNs, stat.mtimeNs, stat.ctimeNs] as const;
  const longs = [inodeNumber(stat), stat.size, stat.blocks] as const;
  longs.forEach((value, index) =>
    target.writeBigUInt64LE(BigInt.asUintN(64, value), offset + index * 8),
  );
  times.forEach((time, index) => {
    // Rounded down, also before 1970.
    const nanoseconds = ((time % NANOSECONDS) + NANOSECONDS) % NANOSECONDS;
    target.writeBigInt64LE((time - nanoseconds) / NANOSECONDS, offset + 24 + index * 8);
    target.writeUInt32LE(Number(nanoseconds), offset + 48 + index * 4);
  });
  const links = Number(BigInt.asUintN(32, stat.nlink));
  const blockSize = Number(BigInt.asUintN(32, stat.blksize));
  // Between them a device number: no device can be opened, so it is nobody's business.
  const words = [visibleMode(stat), links, owner.uid, owner.gid, 0, blockSize, 0];
  words.forEach((value, index) => target.writeUInt32LE(value, offset + 60 + index * 4));
}

/** Files of several file systems of the host are in one of ours. */
const inodeNumber = ({ ino, dev }: BigIntStats): bigint => ino ^ (dev << 40n);

/**
 * The host's mode, but the owner's bits are what this process may do: inside, everything belongs to
 * the program's user. What can't be opened, sockets and pipes and devices, has no bits at all.
 */
export function visibleMode(stat: BigIntStats): number {
  const type = Number(stat.mode & BigInt(constants.S_IFMT));
  if (!canBeOpened(stat) && !stat.isSymbolicLink()) return type;
  const bits = Number(stat.mode & PERMISSION_BITS);
  const ours = (bits >> ownBitsShift(stat)) & 0o7;
  return type | (bits & ~0o700) | (ours << 6);
}

/** Opening anything else can block, or act on a machine. */
export const canBeOpened = (stat: BigIntStats): boolean => stat.isFile() || stat.isDirectory();

function ownBitsShift({ uid, gid }: BigIntStats): number {
  const me = process.geteuid?.() ?? 0;
  if (me === 0 || BigInt(me) === uid) return 6;
  return (process.getgroups?.() ?? []).includes(Number(gid)) ? 3 : 0;
}
