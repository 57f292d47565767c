/**
 * @module
 * A program's stdin as it comes message by message.
 */
import { Readable } from "node:stream";

export interface StdinFeed {
  readonly stream: Readable;
  /** @returns False where nobody should bring more before the program reads. */
  push(text: string): boolean;
  /** Idempotent. */
  end(): void;
}

/** So much waits for a program that does not read, and one more message. */
const WAITING_BYTES = 64 * 1024;

/** @param onRead Called when the program begins, and each time there is room for more. */
export function createStdinFeed(onRead: () => void): StdinFeed {
  let hasEnded = false;
  const stream = new Readable({ highWaterMark: WAITING_BYTES, read: onRead });
  return {
    stream,
    // After its end, or that of the program, nobody reads it.
    push: (text) => hasEnded || stream.destroyed || stream.push(text, "utf8"),
    end: () => {
      if (hasEnded || stream.destroyed) return;
      hasEnded = true;
      stream.push(null);
    },
  };
}
