/**
 * @module
 * Back-pressure over the connection: who sends a stream stops where its reader has not taken what came
 * before, and who receives one holds the sender to that.
 */
import { costOf, leastRoom, maxPieceBytes, windowBytes } from "./bounds.ts";

/** The sender's side of one stream. */
export interface Credit {
  /**
   * Sends the bytes in pieces, each as soon as there is room for it, behind those of earlier calls.
   *
   * @param send Resolves once the piece is out of our hands. Does not reject.
   */
  send(bytes: Buffer, send: (piece: Buffer) => Promise<void>): Promise<void>;
  /** @returns False for more than was sent: the reader counts wrongly. */
  grant(cost: number): boolean;
  /** From now on bytes are thrown away, also those that wait. */
  discard(): void;
}

export function createCredit(): Credit {
  let room = windowBytes;
  let isDiscarding = false;
  let wake: () => void = () => undefined;
  let sending = Promise.resolve();

  const waitForRoom = async (): Promise<void> => {
    while (room < leastRoom && !isDiscarding) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const sendAll = async (bytes: Buffer, send: (piece: Buffer) => Promise<void>): Promise<void> => {
    for (let sent = 0; sent < bytes.byteLength;) {
      await waitForRoom();
      if (isDiscarding) return;
      const piece = bytes.subarray(sent, sent + Math.min(room, maxPieceBytes));
      room -= costOf(piece.byteLength);
      sent += piece.byteLength;
      await send(piece);
    }
  };
  return {
    send(bytes, send) {
      sending = sending.then(() => sendAll(bytes, send));
      return sending;
    },
    grant(cost) {
      if (room + cost > windowBytes) return false;
      room += cost;
      wake();
      return true;
    },
    discard() {
      isDiscarding = true;
      wake();
    },
  };
}

/** The reader's side of one stream. */
export interface Intake {
  /** @returns False for more than there is room for: the sender does not wait. */
  arrive(pieceBytes: number): boolean;
  /** A piece was read; the sender hears of it, not of each one. */
  take(pieceBytes: number): void;
}

/** @param tell Is called with the cost of what was read since. */
export function createIntake(tell: (cost: number) => void): Intake {
  let held = 0;
  let untold = 0;
  return {
    arrive(pieceBytes) {
      held += costOf(pieceBytes);
      return held <= windowBytes;
    },
    take(pieceBytes) {
      untold += costOf(pieceBytes);
      if (untold < windowBytes / 4) return;
      held -= untold;
      tell(untold);
      untold = 0;
    },
  };
}
