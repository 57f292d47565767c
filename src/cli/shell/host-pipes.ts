/**
 * @module
 * Pipes of the kernel between the commands of a pipeline. Where both are programs in sandboxes of this
 * machine nothing of what goes through comes by here; a builtin, or a program elsewhere, is joined to
 * them by streams.
 */
import { execFile } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { promisify } from "node:util";
import { createPipe, type Pipe } from "../../shell/streams.ts";

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

/** Node can't make a pipe by itself, and starting a program takes longer for each. */
const MKFIFO_TIMEOUT_MS = 5000;

/** @returns As many as were asked for; of our own where the system makes none. */
export async function createHostPipes(count: number): Promise<readonly Pipe[]> {
  let folder: string | undefined;
  try {
    // Nobody else may enter it: whoever opens such a pipe reads along.
    const made = mkdtempSync(join(tmpdir(), "glovebox-pipes-"));
    folder = made;
    const paths = Array.from({ length: count }, (_, index) => join(made, String(index)));
    // Programs may open their /dev/stdin anew, whatever their user.
    await promisify(execFile)("mkfifo", ["-m", "666", ...paths], { timeout: MKFIFO_TIMEOUT_MS });
    return paths.map(hostPipe);
  } catch {
    return Array.from({ length: count }, createPipe);
  } finally {
    // Their names are needed no longer: what is open is reached through our own fds.
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function hostPipe(path: string): Pipe {
  // Both stay open until their command is over: a program that starts late misses nothing.
  const reader = openEnd(openSync(path, O_RDONLY | O_NONBLOCK), {
    readable: true,
    writable: false,
  });
  const writer = openEnd(openSync(path, O_WRONLY | O_NONBLOCK), {
    readable: false,
    writable: true,
  });
  return {
    paths: { reader: reader.path, writer: writer.path },
    reader: lazyReader(reader),
    writer: lazyWriter(writer),
    closeReader: reader.close,
    closeWriter: writer.close,
  };
}

interface End {
  /** For other processes of this user, while it is open. */
  readonly path: string;
  /** A stream of it, once it is needed. */
  readonly socket: () => Socket;
  readonly close: () => void;
}

function openEnd(fd: number, way: { readonly readable: boolean; readonly writable: boolean }): End {
  let socket: Socket | undefined;
  return {
    path: `/proc/${process.pid}/fd/${fd}`,
    socket: () => {
      if (socket !== undefined) return socket;
      socket = new Socket({ fd, ...way });
      socket.on("error", () => undefined);
      return socket;
    },
    close: () => {
      if (socket === undefined) closeSync(fd);
      // What was written last is still on its way.
      else if (way.writable) socket.end(() => socket?.destroy());
      else socket.destroy();
    },
  };
}

function lazyReader(end: End): Readable {
  let isReading = false;
  const stream = new Readable({
    read: () => {
      const socket = end.socket();
      if (!isReading) {
        isReading = true;
        socket.on("data", (chunk) => {
          if (!stream.push(chunk)) socket.pause();
        });
        for (const event of ["end", "close"]) socket.on(event, () => stream.push(null));
      }
      socket.resume();
    },
  });
  return stream.on("error", () => undefined);
}

function lazyWriter(end: End): Writable {
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      end.socket().write(chunk, (error) => done(error ?? null));
    },
  });
  // Nobody reads any more: whoever writes hears of it, and without a listener this process would end.
  return stream.on("error", () => undefined);
}
