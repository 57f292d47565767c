/**
 * @module
 * What we answer, encoded. A reply has room for its header in front, so that what is read from a file
 * is never copied.
 */
import type { BigIntStats, StatsFs } from "node:fs";
import { attributeBytes, type Owner, writeAttributes } from "./attributes.ts";
import {
  maxDataBytes,
  protocolMajor,
  protocolMinor,
  replyHeaderBytes,
  wantedInitFlags,
} from "./protocol.ts";

/** A whole message, whose header `finishReply` writes. */
export type Reply = Buffer;

/** How long the kernel may answer by itself about names and attributes. Contents are never kept. */
const VALID_SECONDS = 1n;

/** What the kernel does at the same time for itself: reading ahead. */
const MAX_BACKGROUND = 64;
const CONGESTED_BACKGROUND = 48;

export const emptyReply = (): Reply => Buffer.alloc(replyHeaderBytes);

/** With room for the data; what is in it is not cleared: fill it, or cut it. */
export const dataReply = (dataBytes: number): Reply =>
  Buffer.allocUnsafe(replyHeaderBytes + dataBytes);

export function bytesReply(data: Uint8Array): Reply {
  return Buffer.concat([emptyReply(), data]);
}

export function finishReply(reply: Reply, unique: bigint): Reply {
  reply.writeUInt32LE(reply.byteLength, 0);
  reply.writeInt32LE(0, 4);
  reply.writeBigUInt64LE(unique, 8);
  return reply;
}

export function errorReply(unique: bigint, errorNumber: number): Reply {
  const reply = finishReply(emptyReply(), unique);
  reply.writeInt32LE(-errorNumber, 4);
  return reply;
}

export function initReply(request: {
  readonly flags: number;
  readonly maxReadahead: number;
}): Reply {
  const { reply, body } = zeroed(64);
  body.writeUInt32LE(protocolMajor, 0);
  body.writeUInt32LE(protocolMinor, 4);
  body.writeUInt32LE(Math.min(request.maxReadahead, maxDataBytes), 8);
  body.writeUInt32LE((request.flags & wantedInitFlags) >>> 0, 12);
  body.writeUInt16LE(MAX_BACKGROUND, 16);
  body.writeUInt16LE(CONGESTED_BACKGROUND, 18);
  body.writeUInt32LE(maxDataBytes, 20);
  // Times are exact to the nanosecond.
  body.writeUInt32LE(1, 24);
  return reply;
}

interface Shown {
  readonly stat: BigIntStats;
  readonly owner: Owner;
}

const ENTRY_BYTES = 40 + attributeBytes;

export function entryReply(nodeId: number, shown: Shown): Reply {
  const { reply, body } = zeroed(ENTRY_BYTES);
  writeEntry(body, nodeId, shown);
  return reply;
}

export function createReply(nodeId: number, shown: Shown, handle: number): Reply {
  const { reply, body } = zeroed(ENTRY_BYTES + 16);
  writeEntry(body, nodeId, shown);
  body.writeBigUInt64LE(BigInt(handle), ENTRY_BYTES);
  return reply;
}

function writeEntry(body: Buffer, nodeId: number, shown: Shown): void {
  body.writeBigUInt64LE(BigInt(nodeId), 0);
  body.writeBigUInt64LE(VALID_SECONDS, 16);
  body.writeBigUInt64LE(VALID_SECONDS, 24);
  writeAttributes(body, 40, shown);
}

export function attributesReply(shown: Shown): Reply {
  const { reply, body } = zeroed(16 + attributeBytes);
  body.writeBigUInt64LE(VALID_SECONDS, 0);
  writeAttributes(body, 16, shown);
  return reply;
}

/** No flags: FOPEN_KEEP_CACHE would show a later open what an earlier one was granted. */
export function openReply(handle: number): Reply {
  const { reply, body } = zeroed(16);
  body.writeBigUInt64LE(BigInt(handle), 0);
  return reply;
}

export function writeReply(bytes: number): Reply {
  const { reply, body } = zeroed(8);
  body.writeUInt32LE(bytes, 0);
  return reply;
}

const MAX_NAME_BYTES = 255;

export function statfsReply({ blocks, bfree, bavail, files, ffree, bsize }: StatsFs): Reply {
  const { reply, body } = zeroed(80);
  [blocks, bfree, bavail, files, ffree].forEach((value, index) =>
    body.writeBigUInt64LE(BigInt(Math.max(0, value)), index * 8),
  );
  [bsize, MAX_NAME_BYTES, bsize].forEach((value, index) =>
    body.writeUInt32LE(value, 40 + index * 4),
  );
  return reply;
}

function zeroed(bodyBytes: number): { reply: Reply; body: Buffer } {
  const reply = Buffer.alloc(replyHeaderBytes + bodyBytes);
  return { reply, body: reply.subarray(replyHeaderBytes) };
}
