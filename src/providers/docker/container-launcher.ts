/**
 * @module
 * The launcher that is pid 1 of a container, reached through the container's own streams.
 */
import { Writable, type Duplex } from "node:stream";
import type { Launcher } from "../../launcher/launcher.ts";
import { encodeMessage } from "../../launcher/message.ts";
import { parseStatusLine } from "../../launcher/status-line.ts";
import { demultiplex } from "./engine/demultiplex.ts";
import { readFrames, type Frames } from "./frames.ts";

/** What the launcher takes of a program's stdin at once: its buffer. */
const MAX_INPUT_BYTES = 64 * 1024;

/**
 * @param connection The container's attached streams.
 * @param token What its launcher was told to mark its status lines with.
 * @param remove Takes the container away, and waits for that. Does not throw; called once.
 */
export function connectLauncher(
  connection: Duplex,
  token: string,
  remove: () => Promise<void>,
): Launcher {
  const { stdout, stderr } = demultiplex(connection);
  // Its end shows in the status lines; a write that comes too late is no news.
  for (const stream of [connection, stdout, stderr]) stream.on("error", () => undefined);
  const frames = readFrames(stderr, token);
  const send = (message: Buffer): void => {
    if (!connection.destroyed) connection.write(message);
  };
  const input = createInput(send, () => hasEnded);
  let removal: Promise<void> | undefined;
  let hasEnded = false;
  for (const end of ["end", "close"]) {
    connection.on(end, () => {
      hasEnded = true;
      input.taken();
    });
  }

  return {
    stdin: input.stream,
    stdout,
    stderr: frames.stderr,
    send,
    nextStatus: async () => {
      for (;;) {
        const line = await nextLine(frames, input.taken);
        if (line !== "input-taken") return line === undefined ? undefined : parseStatusLine(line);
      }
    },
    end: () => (removal ??= endConnection(connection, remove)),
    failure: () =>
      hasEnded && removal === undefined ? "the container ended before its time" : undefined,
  };
}

async function nextLine(frames: Frames, taken: () => void): Promise<string | undefined> {
  const line = await frames.nextLine();
  if (line === "input-taken" || line === undefined) taken();
  return line;
}

async function endConnection(connection: Duplex, remove: () => Promise<void>): Promise<void> {
  // The end of its stdin is the launcher's end, also if this process dies before the next line.
  connection.destroy();
  await remove();
}

/** Pieces go one by one, each when the one before was taken: else a signal could not overtake them. */
function createInput(
  send: (message: Buffer) => void,
  hasEnded: () => boolean,
): {
  readonly stream: Writable;
  readonly taken: () => void;
} {
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
      send(encodeMessage([["input-end", ""]]));
      done();
    },
  });
  return { stream: stream.on("error", () => undefined), taken };
}
