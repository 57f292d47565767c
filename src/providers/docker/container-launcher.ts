/**
 * @module
 * The launcher that is pid 1 of a container, reached through the container's own streams.
 */
import type { Duplex } from "node:stream";
import { createInput } from "../../launcher/input.ts";
import type { Launcher } from "../../launcher/launcher.ts";
import { parseStatusLine } from "../../launcher/status-line.ts";
import { demultiplex } from "./engine/demultiplex.ts";
import { readFrames, type Frames } from "./frames.ts";

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
