/**
 * @module
 * How many bytes are in memory at the same time for all requests together: of their bodies, each held
 * from its first byte until its request is answered, or of answers that clients have not taken yet.
 */
import { GloveboxError } from "../core/errors.ts";

export interface ByteBudget {
  /** Opens the account of one request. */
  open(): ByteShare;
}

export interface ByteShare {
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

/**
 * @param what Is refused, for the message: `body`.
 * @param holders Hold the rest: `the requests that are being served`.
 */
export function createByteBudget(maxBytes: number, what: string, holders: string): ByteBudget {
  let heldBytes = 0;
  return {
    open: () => {
      let ownBytes = 0;
      return {
        take: (bytes) => {
          // Alone it is not too much: what one may have is bounded elsewhere.
          if (heldBytes + bytes > maxBytes && heldBytes > ownBytes)
            throw exhausted(maxBytes, what, holders);
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

function exhausted(
  maxBytes: number,
  what: string,
  holders: string,
): GloveboxError<"CAPACITY_EXHAUSTED"> {
  return new GloveboxError(
    "CAPACITY_EXHAUSTED",
    `${what}: ${holders} hold ${maxBytes} bytes already, the most that this server keeps. Try again later.`,
    { limit: maxBytes },
  );
}
