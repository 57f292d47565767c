/**
 * @module
 * All output of one execution, in the order in which it came, to be read from any place and more than
 * once: by who follows it live, and by who comes back.
 */
import type { OutputStream } from "../../core/command.ts";
import type { PhaseOutput } from "../collect.ts";
import type { PhaseName } from "../request.ts";

/** The four streams of an execution, in the order of a cursor's numbers. */
const streams = [
  ["compile", "stdout"],
  ["compile", "stderr"],
  ["run", "stdout"],
  ["run", "stderr"],
] as const satisfies readonly (readonly [PhaseName, OutputStream])[];
const ALL = streams.map((_stream, index) => index);

/** How many bytes of each stream were read, in the order of `streams`. */
export type Cursor = readonly [number, number, number, number];
export const cursorStart: Cursor = [0, 0, 0, 0];

/** `120.0.64.3` */
export const formatCursor = (cursor: Cursor): string => cursor.join(".");

/** Undefined for what is no cursor. */
export function parseCursor(text: string): Cursor | undefined {
  if (!/^\d{1,10}(\.\d{1,10}){3}$/.test(text)) return undefined;
  return text.split(".").map(Number) as unknown as Cursor;
}

export interface OutputPiece {
  readonly phase: PhaseName;
  readonly stream: OutputStream;
  /** Where it begins in its stream. */
  readonly offset: number;
  readonly bytes: Buffer;
  /** To go on behind it. */
  readonly cursor: Cursor;
}

/**
 * So many changes from stream to stream are kept in order; what comes later is in order within each
 * stream. A program that writes single bytes by turns must not make much more of them.
 */
const MAX_SEGMENTS = 65_536;
/** A segment in a file: the stream in the two upper bits, and its length. */
const LENGTH_BITS = 30;
const MAX_LENGTH = 2 ** LENGTH_BITS - 1;

interface Segment {
  readonly stream: number;
  length: number;
}

export class OutputLog {
  readonly #bytes = streams.map(() => new GrowingBytes());
  readonly #segments: Segment[] = [];
  readonly #listeners = new Set<() => void>();
  #hasEnded = false;

  /** What `segments` and the streams of an execution that has ended were. */
  static of(
    output: Readonly<Record<PhaseName, Pick<PhaseOutput, OutputStream>>>,
    segments: Uint8Array,
  ): OutputLog {
    const log = new OutputLog();
    const rest = streams.map(([phase, stream]) => output[phase][stream]);
    const take = (stream: number, length: number): void => {
      const [phase, name] = streams[stream] ?? streams[0];
      const bytes = rest[stream]?.subarray(0, length);
      rest[stream] = rest[stream]?.subarray(length) ?? Buffer.alloc(0);
      if (bytes !== undefined && bytes.byteLength > 0) log.add(phase, name, bytes);
    };
    const view = Buffer.from(segments);
    for (let at = 0; at + 4 <= view.byteLength; at += 4) {
      const word = view.readUInt32LE(at);
      take(word >>> LENGTH_BITS, word & MAX_LENGTH);
    }
    for (const stream of ALL) take(stream, Infinity);
    log.end();
    return log;
  }

  add(phase: PhaseName, name: OutputStream, chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return;
    const stream = streams.findIndex(([of, called]) => of === phase && called === name);
    this.#bytes[stream]?.add(chunk);
    const last = this.#segments.at(-1);
    if (last?.stream === stream && last.length + chunk.byteLength <= MAX_LENGTH) {
      if (!this.#isFull()) last.length += chunk.byteLength;
    } else if (!this.#isFull()) {
      this.#segments.push({ stream, length: chunk.byteLength });
    }
    this.#notify();
  }

  /** Nothing comes any more. */
  end(): void {
    this.#hasEnded = true;
    this.#notify();
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Called whenever there is more to read, or the end. @returns Ends the calls. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Reads from a place on; several can read at the same time.
   *
   * @param unit `characters`: no piece ends within a character of UTF-8, where more may come.
   */
  reader(from: Cursor = cursorStart, unit: ReaderUnit = "bytes"): OutputReader {
    return new OutputReader(this, this.#bytes, this.#segments, from, unit);
  }

  output(phase: PhaseName): PhaseOutput {
    const [stdout, stderr] = ALL.filter((stream) => streams[stream]?.[0] === phase).map(
      (stream) => {
        const bytes = this.#bytes[stream];
        return bytes?.slice(0, bytes.byteLength) ?? Buffer.alloc(0);
      },
    );
    const reader = this.reader();
    const pieces: Buffer[] = [];
    for (let piece = reader.next(Infinity); piece !== undefined; piece = reader.next(Infinity)) {
      if (piece.phase === phase) pieces.push(piece.bytes);
    }
    const none = Buffer.alloc(0);
    return { stdout: stdout ?? none, stderr: stderr ?? none, output: Buffer.concat(pieces) };
  }

  /** For `OutputLog.of`. */
  segments(): Buffer {
    const words = Buffer.alloc(this.#segments.length * 4);
    this.#segments.forEach(({ stream, length }, index) => {
      words.writeUInt32LE(((stream << LENGTH_BITS) | length) >>> 0, index * 4);
    });
    return words;
  }

  #isFull(): boolean {
    return this.#segments.length >= MAX_SEGMENTS;
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

export type ReaderUnit = "bytes" | "characters";

export class OutputReader {
  readonly #log: Pick<OutputLog, "hasEnded">;
  readonly #unit: ReaderUnit;
  readonly #bytes: readonly GrowingBytes[];
  readonly #segments: readonly Segment[];
  /** Bytes of each stream that were handed out, or that its reader had already. */
  readonly #read: number[];
  /** Bytes of each stream in the segments before the current one. */
  readonly #before = ALL.map(() => 0);
  #segment = 0;

  constructor(
    log: Pick<OutputLog, "hasEnded">,
    bytes: readonly GrowingBytes[],
    segments: readonly Segment[],
    from: Cursor,
    unit: ReaderUnit,
  ) {
    this.#log = log;
    this.#unit = unit;
    this.#bytes = bytes;
    this.#segments = segments;
    this.#read = [...from];
  }

  /** The next bytes of one stream, at most `maxBytes`, at least 4; undefined where there is no more yet. */
  next(maxBytes: number): OutputPiece | undefined {
    for (;;) {
      const segment = this.#segments[this.#segment];
      if (segment === undefined) break;
      const { stream, length } = segment;
      const end = (this.#before[stream] ?? 0) + length;
      const piece = this.#take(stream, end, maxBytes);
      if (piece !== undefined) return piece;
      if (this.#segment === this.#segments.length - 1 && this.#mayGrow()) return undefined;
      this.#before[stream] = end;
      this.#segment += 1;
    }
    if (this.#mayGrow()) return undefined;
    for (const stream of ALL) {
      const piece = this.#take(stream, Infinity, maxBytes);
      if (piece !== undefined) return piece;
    }
    return undefined;
  }

  #take(stream: number, end: number, maxBytes: number): OutputPiece | undefined {
    const offset = this.#read[stream] ?? 0;
    const bytes = this.#bytes[stream];
    const [phase, name] = streams[stream] ?? streams[0];
    if (bytes === undefined) return undefined;
    const most = Math.min(end, bytes.byteLength, offset + maxBytes);
    const until = most - this.#cutCharacter(bytes, offset, most, end);
    if (until <= offset) return undefined;
    this.#read[stream] = until;
    const cursor = [...this.#read] as unknown as Cursor;
    return { phase, stream: name, offset, bytes: bytes.slice(offset, until), cursor };
  }

  /** Whether the last segment may become longer. */
  #mayGrow(): boolean {
    return this.#segments.length < MAX_SEGMENTS && !this.#log.hasEnded;
  }

  /** How many bytes at the end wait for the rest of their character. */
  #cutCharacter(bytes: GrowingBytes, from: number, to: number, end: number): number {
    if (this.#unit === "bytes" || to <= from) return 0;
    // What is cut within a segment goes on in the next piece; at the end of all, nothing goes on.
    const goesOn = to < Math.min(end, bytes.byteLength) || !this.#log.hasEnded;
    return goesOn ? incompleteTail(bytes.slice(Math.max(from, to - 3), to)) : 0;
  }
}

/** Bytes at the end that begin a character of UTF-8 which needs more of them: 0 to 3. */
function incompleteTail(bytes: Buffer): number {
  for (let back = 1; back <= bytes.byteLength; back++) {
    const byte = bytes[bytes.byteLength - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    if (byte >= 0xf8) return 0;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
}

/** Joins bytes as they come, and hands out any part of them; holds at most twice what was added. */
class GrowingBytes {
  #buffer = Buffer.alloc(0);
  #used = 0;

  get byteLength(): number {
    return this.#used;
  }

  add(piece: Uint8Array): void {
    const needed = this.#used + piece.byteLength;
    if (needed > this.#buffer.byteLength) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.byteLength, 1024));
      this.#buffer.copy(larger, 0, 0, this.#used);
      this.#buffer = larger;
    }
    this.#buffer.set(piece, this.#used);
    this.#used = needed;
  }

  /** A view, which stays right: what was added is never changed. */
  slice(from: number, to: number): Buffer {
    return this.#buffer.subarray(from, Math.min(to, this.#used));
  }
}
