/**
 * @module
 * A program's stdin as it comes message by message.
 */
import { PassThrough, type Readable } from "node:stream";

export interface StdinFeed {
  readonly stream: Readable;
  /** @param onTaken Called once, when the program is about to read it, or nobody will. */
  push(text: string, onTaken: () => void): void;
  /** Idempotent. */
  end(): void;
}

/** Is ready for a program that does not read yet; more is not taken. */
const READY_BYTES = 16 * 1024;

export function createStdinFeed(): StdinFeed {
  const stream = new PassThrough({ highWaterMark: READY_BYTES });
  // The program went away; who writes learns of its end elsewhere.
  stream.on("error", () => undefined);
  return {
    stream,
    push: (text, onTaken) => {
      // After its end, or that of the program, nobody reads it.
      if (stream.writableEnded || stream.destroyed) onTaken();
      else stream.write(text, "utf8", onTaken);
    },
    end: () => {
      if (!stream.destroyed) stream.end();
    },
  };
}
