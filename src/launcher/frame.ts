/**
 * @module
 * Frames that a launcher writes where things share a stream, see native/launcher/README.md: a kind
 * (one byte), a u32 length (little-endian) and as many bytes.
 */

const HEADER_BYTES = 5;
/** A launcher's frame never holds more than its buffer. */
const MAX_FRAME_BYTES = 128 * 1024;

export interface Frame<K extends string> {
  readonly kind: K;
  readonly bytes: Buffer;
  /** What came behind it. */
  readonly rest: Buffer;
}

/**
 * The first frame, once it is there whole.
 *
 * @throws {Error} for bytes that are no frame of these kinds, as soon as that shows.
 */
export function cutFrame<K extends string>(
  bytes: Buffer,
  kinds: readonly K[],
): Frame<K> | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const kind = kinds.find((each) => each.charCodeAt(0) === bytes[0]);
  const length = bytes.readUInt32LE(1);
  if (kind === undefined || length > MAX_FRAME_BYTES) throw new Error("no frame of the launcher");
  const end = HEADER_BYTES + length;
  if (bytes.length < end) return undefined;
  return { kind, bytes: bytes.subarray(HEADER_BYTES, end), rest: bytes.subarray(end) };
}
