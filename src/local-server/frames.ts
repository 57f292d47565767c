/**
 * @module
 * Messages on a stream socket: a length, a kind, and bytes.
 */

/** Kinds of messages; the comments say what the bytes are. */
export const kinds = {
  /** To the server, first: `packMessage` of a `RunMessage`. */
  run: 1,
  /** To the server: bytes, one message for each `wantStdin`; none: the end, unasked too. */
  stdin: 2,
  /** To the server: the name of a signal for the program. */
  signal: 3,
  /** To the server: the run is to end now. */
  cancel: 4,
  /** To the server: how many bytes of output were handed on, as text. */
  taken: 5,
  /** To the server, first and last: surroundings, as text. It answers with `figures` or `refused`. */
  wantFigures: 6,
  /** The run is taken, and its sandbox is being made. */
  accepted: 10,
  /** Nothing was run: why, as text. */
  refused: 11,
  /** The sandbox is there. Comes again where a first one was lost. */
  started: 12,
  /** The run phase begins. */
  running: 13,
  /** The place of its phase and stream in `outputKinds`, and bytes. */
  output: 14,
  /** The program can take some stdin. */
  wantStdin: 15,
  /** The last one: `packMessage` of an `ExecutionReport`. */
  report: 16,
  /** The last one: `FailureMessage` as JSON. */
  failed: 17,
  /** The only one: `Figures` as JSON. */
  figures: 18,
} as const;
export type Kind = (typeof kinds)[keyof typeof kinds];

const HEADER_BYTES = 5;

/** Header and payload, to be written one after the other. */
export function frameOf(kind: Kind, ...payload: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(payload.reduce((sum, { byteLength }) => sum + byteLength, 0));
  header.writeUInt8(kind, HEADER_BYTES - 1);
  return Buffer.concat([header, ...payload]);
}

/**
 * Cuts what arrives into messages.
 *
 * @param maxBytes Of one message.
 * @param onFrame Is called for each, in their order.
 * @returns Takes what arrives; false for a message that is too long: nothing more must be read.
 */
export function createFrameReader(
  maxBytes: number,
  onFrame: (kind: number, payload: Buffer) => void,
): (chunk: Buffer) => boolean {
  let chunks: Buffer[] = [];
  let held = 0;
  let wanted = HEADER_BYTES;
  return (chunk) => {
    chunks.push(chunk);
    held += chunk.byteLength;
    while (held >= wanted) {
      const bytes = chunks.length === 1 ? (chunks[0] ?? chunk) : Buffer.concat(chunks);
      const length = bytes.readUInt32BE(0);
      if (length > maxBytes) return false;
      const end = HEADER_BYTES + length;
      if (held < end) {
        chunks = [bytes];
        wanted = end;
        return true;
      }
      const rest = bytes.subarray(end);
      chunks = rest.byteLength === 0 ? [] : [rest];
      held = rest.byteLength;
      wanted = HEADER_BYTES;
      onFrame(bytes.readUInt8(HEADER_BYTES - 1), bytes.subarray(HEADER_BYTES, end));
    }
    return true;
  };
}
