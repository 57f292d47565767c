/**
 * @module
 * Joins bytes as they come. A list of the pieces would cost an object each, so that a sender who
 * writes single bytes could make it a hundred times larger than what it holds.
 */

/** Blocks grow with what is held, from the first to the last of these. */
const MIN_BLOCK_BYTES = 1024;
const MAX_BLOCK_BYTES = 1024 * 1024;

export interface ByteCollector {
  /** Copies the piece; its memory is free again. */
  add(piece: Uint8Array): void;
  readonly byteLength: number;
  /** All bytes in one buffer. Nothing can be added afterwards: the collector is empty. */
  take(): Buffer;
}

/** Holds at most as much again as was added, and never more than 1 MiB on top. */
export function createByteCollector(): ByteCollector {
  let blocks: Buffer[] = [];
  let byteLength = 0;
  /** Bytes used of the last block. */
  let used = 0;

  return {
    add(piece) {
      let rest = piece;
      while (rest.byteLength > 0) {
        let block = blocks.at(-1);
        if (block === undefined || used === block.byteLength) {
          const wanted = Math.min(Math.max(byteLength, MIN_BLOCK_BYTES), MAX_BLOCK_BYTES);
          block = Buffer.allocUnsafeSlow(Math.max(wanted, rest.byteLength));
          blocks.push(block);
          used = 0;
        }
        const part = rest.subarray(0, block.byteLength - used);
        block.set(part, used);
        used += part.byteLength;
        byteLength += part.byteLength;
        rest = rest.subarray(part.byteLength);
      }
    },
    get byteLength() {
      return byteLength;
    },
    take() {
      const bytes = Buffer.concat(blocks, byteLength);
      blocks = [];
      byteLength = 0;
      used = 0;
      return bytes;
    },
  };
}
