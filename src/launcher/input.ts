/**
 * @module
 * A program's stdin, in messages to its launcher.
 */
import { Writable } from "node:stream";
import { encodeMessage } from "./message.ts";

/** What the launcher takes of a program's stdin at once: its buffer. */
const MAX_INPUT_BYTES = 64 * 1024;

export interface Input {
  readonly stream: Writable;
  /** Called when the launcher says so, and at its end. */
  readonly taken: () => void;
}

/**
 * Pieces go one by one, each when the one before was taken: else a signal could not overtake them.
 *
 * @param hasEnded Whether the launcher is gone: what is left is thrown away.
 */
export function createInput(send: (message: Buffer) => void, hasEnded: () => boolean): Input {
  let onTaken: (() => void) | undefined;
  const taken = (): void => {
    const resolve = onTaken;
    onTaken = undefined;
    resolve?.();
  };
  const sendPiece = (piece: Buffer): Promise<void> =>
    new Promise((resolve) => {
      onTaken = resolve;
      send(encodeMessage([["input", [piece]]]));
    });
  const sendAll = async (chunk: Buffer): Promise<void> => {
    for (let at = 0; at < chunk.length && !hasEnded(); at += MAX_INPUT_BYTES) {
      await sendPiece(chunk.subarray(at, at + MAX_INPUT_BYTES));
    }
  };
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      void sendAll(chunk).then(() => {
        done();
      });
    },
    final: (done) => {
      if (!hasEnded()) send(encodeMessage([["input-end", ""]]));
      done();
    },
  });
  return { stream: stream.on("error", () => undefined), taken };
}
