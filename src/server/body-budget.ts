/**
 * @module
 * How many bytes of request bodies are in memory at the same time, of all requests together. Each is
 * held from its first byte until its request is answered.
 */
import { GloveboxError } from "../core/errors.ts";

export interface BodyBudget {
  /** Opens the account of one request. */
  open(): BodyShare;
}

export interface BodyShare {
  /**
   * Takes bytes as they arrive: a length that is only announced costs nothing, and takes nothing
   * from others.
   *
   * @throws {GloveboxError} `CAPACITY_EXHAUSTED` where others hold too much.
   */
  take(bytes: number): void;
  /** Gives all of it back. Idempotent. */
  close(): void;
}

export function createBodyBudget(maxBytes: number): BodyBudget {
  let heldBytes = 0;
  return {
    open: () => {
      let ownBytes = 0;
      return {
        take: (bytes) => {
          if (heldBytes + bytes > maxBytes) throw exhausted(maxBytes);
          heldBytes += bytes;
          ownBytes += bytes;
        },
        close: () => {
          heldBytes -= ownBytes;
          ownBytes = 0;
        },
      };
    },
  };
}

function exhausted(maxBytes: number): GloveboxError<"CAPACITY_EXHAUSTED"> {
  return new GloveboxError(
    "CAPACITY_EXHAUSTED",
    `body: the requests that are being served hold ${maxBytes} bytes already, the most that this server keeps. Try again later.`,
    { limit: maxBytes },
  );
}
