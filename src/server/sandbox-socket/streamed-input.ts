/**
 * @module
 * A command's stdin, as it comes over the connection.
 */
import { Readable } from "node:stream";
import { createIntake } from "../../sandbox-protocol/credit.ts";

export interface StreamedInput {
  readonly stream: Readable;
  /** @returns False for more than there is room for. */
  push(piece: Buffer): boolean;
  /** Idempotent; what came before is read first. */
  end(): void;
}

/** @param tell See `createIntake`: called as the program reads. */
export function createStreamedInput(tell: (cost: number) => void): StreamedInput {
  const intake = createIntake(tell);
  let waiting: Buffer[] = [];
  let hasEnded = false;
  let isWanted = false;

  const flow = (): void => {
    if (isWanted && waiting.length > 0) {
      const pieces = waiting;
      waiting = [];
      for (const { byteLength } of pieces) intake.take(byteLength);
      // As one: what comes in single bytes would cost an object each on its further way.
      isWanted = stream.push(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces));
    }
    if (hasEnded && waiting.length === 0) stream.push(null);
  };
  const stream = new Readable({
    read() {
      isWanted = true;
      flow();
    },
  });
  return {
    stream,
    push(piece) {
      // After its end, or that of the program, nobody reads it.
      if (hasEnded || stream.destroyed) return true;
      waiting.push(piece);
      if (!intake.arrive(piece.byteLength)) return false;
      flow();
      return true;
    },
    end() {
      if (hasEnded) return;
      hasEnded = true;
      flow();
    },
  };
}
