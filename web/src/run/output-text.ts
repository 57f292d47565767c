/**
 * @module
 * What a program writes, as it comes: kept, and given to whoever shows it.
 */
import { toBytes } from "../../../src/client/bytes.ts";
import type { Encoding, OutputMessage } from "../../../src/client/types.ts";

export interface Piece {
  readonly phase: "compile" | "run";
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

export interface OutputReader {
  readonly add: (piece: Piece) => void;
  /** Begins anew: the program was. */
  readonly clear: () => void;
}

export interface OutputText {
  readonly take: (message: Pick<OutputMessage, "phase" | "stream" | "data" | "encoding">) => void;
  readonly clear: () => void;
  /** Gets all that came before, too. @returns Ends it. */
  readonly read: (reader: OutputReader) => () => void;
  /** All of one stream of the run, or both in order. */
  readonly text: (stream?: Piece["stream"]) => string;
  readonly hasPhase: (phase: Piece["phase"]) => boolean;
}

export function createOutputText(): OutputText {
  let pieces: Piece[] = [];
  const readers = new Set<OutputReader>();
  return {
    take: ({ phase, stream, data, encoding }) => {
      const piece = { phase, stream, text: toText(data, encoding) };
      pieces.push(piece);
      for (const reader of readers) reader.add(piece);
    },
    clear: () => {
      pieces = [];
      for (const reader of readers) reader.clear();
    },
    read: (reader) => {
      for (const piece of pieces) reader.add(piece);
      readers.add(reader);
      return () => void readers.delete(reader);
    },
    text: (stream) =>
      pieces
        .filter((piece) => piece.phase === "run" && (stream ?? piece.stream) === piece.stream)
        .map(({ text }) => text)
        .join(""),
    hasPhase: (phase) => pieces.some((piece) => piece.phase === phase),
  };
}

/** What is no UTF-8 gets a mark for each byte that is none. */
function toText(data: string, encoding: Encoding): string {
  return encoding === "utf8" ? data : new TextDecoder().decode(toBytes(data, encoding));
}
