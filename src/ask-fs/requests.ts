/**
 * @module
 * What the kernel asks of us, decoded.
 */
import { MalformedMessage } from "./frames.ts";
import {
  getattrHandleFlag,
  maxDataBytes,
  opcodes,
  requestHeaderBytes,
  setattrFlags,
  writeFromCacheFlag,
} from "./protocol.ts";

export interface Request {
  /** Names it for its reply and for INTERRUPT. */
  readonly unique: bigint;
  readonly nodeId: number;
  /** Of the thread that asks, in the pid namespace of whoever mounted; 0 where it has none there. */
  readonly pid: number;
  readonly operation: Operation;
}

export interface Forgotten {
  readonly nodeId: number;
  readonly lookups: number;
}

export interface AttributeChange {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly size?: number;
  /** Seconds after 1970; `now` is when we do it. */
  readonly atime?: number | "now";
  readonly mtime?: number | "now";
  readonly handle?: number;
}

/** Offsets and sizes are a program's choice: they may be too large for a safe integer. */
export type Operation =
  | {
      readonly kind: "init";
      readonly major: number;
      readonly minor: number;
      readonly flags: number;
      readonly maxReadahead: number;
    }
  | { readonly kind: "lookup"; readonly name: string }
  | { readonly kind: "unlink" | "rmdir"; readonly name: string }
  | { readonly kind: "forget"; readonly forgotten: readonly Forgotten[] }
  | { readonly kind: "getattr"; readonly handle?: number }
  | { readonly kind: "setattr"; readonly change: AttributeChange }
  | { readonly kind: "readlink" | "statfs" | "opendir" | "destroy" | "link" | "mknod" }
  | { readonly kind: "symlink"; readonly name: string; readonly target: string }
  | { readonly kind: "mkdir"; readonly name: string; readonly mode: number }
  | {
      readonly kind: "rename";
      readonly name: string;
      readonly newParent: number;
      readonly newName: string;
    }
  | { readonly kind: "open"; readonly flags: number }
  | {
      readonly kind: "create";
      readonly name: string;
      readonly flags: number;
      readonly mode: number;
    }
  | {
      readonly kind: "read" | "readdir";
      readonly handle: number;
      readonly offset: number;
      readonly size: number;
    }
  | {
      readonly kind: "write";
      readonly handle: number;
      readonly offset: number;
      readonly isFromCache: boolean;
      readonly data: Buffer;
    }
  | { readonly kind: "release" | "releasedir" | "fsync" | "fsyncdir"; readonly handle: number }
  | { readonly kind: "interrupt"; readonly interrupted: bigint }
  | { readonly kind: "notifyReply" }
  /** Something newer, or something that we leave to the kernel. */
  | { readonly kind: "unknown" };

/** @throws {MalformedMessage} */
export function decodeRequest(frame: Buffer): Request {
  try {
    const nodeId = readNumber(frame, 16);
    const decode = decoders.get(frame.readUInt32LE(4));
    return {
      unique: frame.readBigUInt64LE(8),
      nodeId,
      pid: frame.readUInt32LE(32),
      operation: decode?.(frame.subarray(requestHeaderBytes), nodeId) ?? { kind: "unknown" },
    };
  } catch (cause) {
    // Reads beyond the end throw a RangeError.
    if (!(cause instanceof RangeError)) throw cause;
    throw new MalformedMessage(`a message of ${frame.byteLength} bytes is too short`, { cause });
  }
}

type Decode = (body: Buffer, nodeId: number) => Operation;

const decoders: ReadonlyMap<number, Decode> = new Map<number, Decode>([
  [opcodes.init, decodeInit],
  [opcodes.lookup, (body) => ({ kind: "lookup", name: readName(body, 0) })],
  [opcodes.unlink, (body) => ({ kind: "unlink", name: readName(body, 0) })],
  [opcodes.rmdir, (body) => ({ kind: "rmdir", name: readName(body, 0) })],
  [opcodes.forget, (body, nodeId) => decodeForget(body, nodeId)],
  [opcodes.batchForget, decodeBatchForget],
  [opcodes.getattr, decodeGetattr],
  [opcodes.setattr, (body) => ({ kind: "setattr", change: decodeChange(body) })],
  [opcodes.readlink, () => ({ kind: "readlink" })],
  [opcodes.statfs, () => ({ kind: "statfs" })],
  [opcodes.opendir, () => ({ kind: "opendir" })],
  [opcodes.destroy, () => ({ kind: "destroy" })],
  [opcodes.link, () => ({ kind: "link" })],
  [opcodes.mknod, () => ({ kind: "mknod" })],
  [opcodes.symlink, decodeSymlink],
  [
    opcodes.mkdir,
    (body) => ({ kind: "mkdir", mode: body.readUInt32LE(0), name: readName(body, 8) }),
  ],
  [opcodes.rename, decodeRename],
  [opcodes.open, (body) => ({ kind: "open", flags: body.readUInt32LE(0) })],
  [opcodes.create, decodeCreate],
  [opcodes.read, (body) => ({ kind: "read", ...readPlace(body) })],
  [opcodes.readdir, (body) => ({ kind: "readdir", ...readPlace(body) })],
  [opcodes.write, decodeWrite],
  [opcodes.release, (body) => ({ kind: "release", handle: readNumber(body, 0) })],
  [opcodes.releasedir, (body) => ({ kind: "releasedir", handle: readNumber(body, 0) })],
  [opcodes.fsync, (body) => ({ kind: "fsync", handle: readNumber(body, 0) })],
  [opcodes.fsyncdir, (body) => ({ kind: "fsyncdir", handle: readNumber(body, 0) })],
  [opcodes.interrupt, (body) => ({ kind: "interrupt", interrupted: body.readBigUInt64LE(0) })],
  [opcodes.notifyReply, () => ({ kind: "notifyReply" })],
]);

function decodeInit(body: Buffer): Operation {
  return {
    kind: "init",
    major: body.readUInt32LE(0),
    minor: body.readUInt32LE(4),
    maxReadahead: body.readUInt32LE(8),
    flags: body.readUInt32LE(12),
  };
}

function decodeForget(body: Buffer, nodeId: number): Operation {
  return { kind: "forget", forgotten: [{ nodeId, lookups: readNumber(body, 0) }] };
}

function decodeBatchForget(body: Buffer): Operation {
  const forgotten: Forgotten[] = [];
  // The count is checked by the reads: it can't be larger than what came.
  for (let left = body.readUInt32LE(0), offset = 8; left > 0; left -= 1, offset += 16) {
    forgotten.push({ nodeId: readNumber(body, offset), lookups: readNumber(body, offset + 8) });
  }
  return { kind: "forget", forgotten };
}

function decodeGetattr(body: Buffer): Operation {
  const hasHandle = (body.readUInt32LE(0) & getattrHandleFlag) !== 0;
  return { kind: "getattr", ...(hasHandle && { handle: readNumber(body, 8) }) };
}

function decodeChange(body: Buffer): AttributeChange {
  const valid = body.readUInt32LE(0);
  const has = (flag: number): boolean => (valid & flag) !== 0;
  const seconds = (offset: number, nanosecondsOffset: number): number =>
    Number(body.readBigInt64LE(offset)) + body.readUInt32LE(nanosecondsOffset) / 1e9;
  const { atime, mtime } = { atime: seconds(32, 56), mtime: seconds(40, 60) };
  return {
    ...(has(setattrFlags.handle) && { handle: readNumber(body, 8) }),
    ...(has(setattrFlags.size) && { size: readNumber(body, 16) }),
    ...(has(setattrFlags.atime) && { atime: has(setattrFlags.atimeNow) ? "now" : atime }),
    ...(has(setattrFlags.mtime) && { mtime: has(setattrFlags.mtimeNow) ? "now" : mtime }),
    ...(has(setattrFlags.mode) && { mode: body.readUInt32LE(68) }),
    ...(has(setattrFlags.uid) && { uid: body.readUInt32LE(76) }),
    ...(has(setattrFlags.gid) && { gid: body.readUInt32LE(80) }),
  };
}

function decodeSymlink(body: Buffer): Operation {
  const name = readName(body, 0);
  const target = readText(body, body.indexOf(0) + 1);
  return { kind: "symlink", name, target };
}

function decodeRename(body: Buffer): Operation {
  const name = readName(body, 8);
  const newName = readName(body, body.indexOf(0, 8) + 1);
  return { kind: "rename", newParent: readNumber(body, 0), name, newName };
}

function decodeCreate(body: Buffer): Operation {
  const [flags, mode] = [body.readUInt32LE(0), body.readUInt32LE(4)];
  return { kind: "create", flags, mode, name: readName(body, 16) };
}

function decodeWrite(body: Buffer): Operation {
  const { handle, offset, size } = readPlace(body);
  const data = body.subarray(40);
  if (data.byteLength !== size) {
    throw new MalformedMessage(`a WRITE of ${size} bytes with ${data.byteLength}`);
  }
  const isFromCache = (body.readUInt32LE(20) & writeFromCacheFlag) !== 0;
  return { kind: "write", handle, offset, isFromCache, data };
}

function readPlace(body: Buffer) {
  const size = body.readUInt32LE(16);
  if (size > maxDataBytes) throw new MalformedMessage(`a READ or WRITE of ${size} bytes`);
  return { handle: readNumber(body, 0), offset: readNumber(body, 8), size };
}

/** Too large a number becomes an inexact one, which no node and no handle has. */
const readNumber = (bytes: Buffer, offset: number): number => Number(bytes.readBigUInt64LE(offset));

/** One part of a path. The kernel sends no other, and `..` would leave the tree. */
function readName(body: Buffer, offset: number): string {
  const name = readText(body, offset);
  if (name !== "" && name !== "." && name !== ".." && !name.includes("/")) return name;
  throw new MalformedMessage("a name that is none");
}

/**
 * Ended by a zero. U+FFFD stands for what isn't UTF-8, and one that is meant is refused later too:
 * see `childPath` of nodes.ts.
 */
function readText(body: Buffer, offset: number): string {
  const end = body.indexOf(0, offset);
  if (end < 0 || offset > body.byteLength) throw new MalformedMessage("a text without its end");
  return body.toString("utf8", offset, end);
}
