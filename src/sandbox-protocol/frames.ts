/**
 * @module
 * Bytes of streams and files: a kind, the number of their turn, and the bytes themselves.
 */

export const byteKinds = ["file", "stdin", "stdout", "stderr"] as const;
export type ByteKind = (typeof byteKinds)[number];

const HEADER_BYTES = 5;

/** One binary frame. */
export interface ByteFrame {
  readonly kind: ByteKind;
  /** 0 while a sandbox is made; each command and each collecting has the next one. */
  readonly turn: number;
  /** At least one byte. */
  readonly bytes: Buffer;
}

export function encodeFrame({ kind, turn, bytes }: ByteFrame): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes.byteLength);
  frame.writeUInt8(byteKinds.indexOf(kind) + 1, 0);
  frame.writeUInt32BE(turn, 1);
  frame.set(bytes, HEADER_BYTES);
  return frame;
}

/** Undefined for what is no frame of ours. */
export function decodeFrame(frame: Buffer): ByteFrame | undefined {
  if (frame.byteLength <= HEADER_BYTES) return undefined;
  const kind = byteKinds[frame.readUInt8(0) - 1];
  if (kind === undefined) return undefined;
  return { kind, turn: frame.readUInt32BE(1), bytes: frame.subarray(HEADER_BYTES) };
}
