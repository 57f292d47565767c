/**
 * @module
 * How many bytes are in memory at the same time for all requests together: of their bodies, each held
 * from its first byte until its request is answered, or of answers that clients have not taken yet.
 * Where it is full, who has less than an even share of it still gets that.
 */
import { GloveboxError } from "../core/errors.ts";
import { FairShare } from "../util/fair-share.ts";

export interface ByteBudget {
  /**
   * Opens the account of one request.
   *
   * @param callerId Asked when the first bytes come: before, nobody may know it.
   */
  open(callerId: () => string): ByteShare;
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
  const shares = new FairShare(maxBytes);
  return {
    open: (callerId) => {
      let ownBytes = 0;
      let holder: string | undefined;
      return {
        take: (bytes) => {
          holder ??= callerId();
          // Alone it is not too much: what one may have is bounded elsewhere.
          if (shares.held > ownBytes && !shares.hasRoom(holder, bytes))
            throw exhausted(maxBytes, what, holders);
          shares.add(holder, bytes);
          ownBytes += bytes;
        },
        close: () => {
          if (holder !== undefined) shares.add(holder, -ownBytes);
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
