/**
 * @module
 * Messages out of a stream of bytes: each begins with its own length, as u32.
 */
import { maxMessageBytes, requestHeaderBytes } from "./protocol.ts";

/** The other side does not speak our protocol: nothing that it says can be trusted any more. */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
}

const LENGTH_BYTES = 4;

/**
 * @returns Takes the next bytes, and gives the messages that are complete with them. At most one
 * message's bytes are kept. Throws `MalformedMessage`.
 */
export function createFrameSplitter(): (chunk: Buffer) => Buffer[] {
  let parts: Buffer[] = [];
  let partsBytes = 0;

  return (chunk) => {
    parts.push(chunk);
    partsBytes += chunk.byteLength;
    if (partsBytes < LENGTH_BYTES) return [];
    // Joined only where a message may be complete: a large one comes in many chunks.
    const first = parts[0] ?? chunk;
    const isLengthKnown = first.byteLength >= LENGTH_BYTES;
    if (isLengthKnown && partsBytes < checkedLength(first, 0)) return [];
    const bytes = parts.length === 1 ? chunk : Buffer.concat(parts, partsBytes);
    const { frames, rest } = split(bytes);
    parts = rest.byteLength === 0 ? [] : [rest];
    partsBytes = rest.byteLength;
    return frames;
  };
}

function split(bytes: Buffer): { frames: Buffer[]; rest: Buffer } {
  const frames: Buffer[] = [];
  let offset = 0;
  while (bytes.byteLength - offset >= LENGTH_BYTES) {
    const length = checkedLength(bytes, offset);
    if (bytes.byteLength - offset < length) break;
    frames.push(bytes.subarray(offset, offset + length));
    offset += length;
  }
  return { frames, rest: bytes.subarray(offset) };
}

function checkedLength(bytes: Buffer, offset: number): number {
  const length = bytes.readUInt32LE(offset);
  if (length >= requestHeaderBytes && length <= maxMessageBytes) return length;
  throw new MalformedMessage(`a message of ${length} bytes`);
}
