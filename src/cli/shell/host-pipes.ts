/**
 * @module
 * Pipes of the kernel between the commands of a pipeline. Where both are programs in sandboxes of this
 * machine nothing of what goes through comes by here; a builtin, or a program elsewhere, is joined to
 * them by streams.
 */
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { Readable, Writable } from "node:stream";
import { openPipes } from "../../app.ts";
import { createPipe, type Pipe } from "../../shell/streams.ts";

type PipeFds = Awaited<ReturnType<typeof openPipes>>[number];

/** @returns As many as were asked for; of our own where the kernel's can't be had. */
export async function createHostPipes(count: number): Promise<readonly Pipe[]> {
  try {
    return (await openPipes(count)).map(hostPipe);
  } catch {
    return Array.from({ length: count }, createPipe);
  }
}

/** Its number may be another file's by then. */
const closed = (): Error => Object.assign(new Error("the pipe is closed"), { code: "EPIPE" });

/** Both ends stay open until their command is over: a program that starts late misses nothing. */
function hostPipe(fds: PipeFds): Pipe {
  const reader = openEnd(fds.reader, { readable: true, writable: false });
  const writer = openEnd(fds.writer, { readable: false, writable: true });
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
  let isClosed = false;
  return {
    path: `/proc/${process.pid}/fd/${fd}`,
    socket: () => {
      if (socket !== undefined) return socket;
      if (isClosed) return new Socket().destroy(closed()).on("error", () => undefined);
      socket = new Socket({ fd, ...way });
      socket.on("error", () => undefined);
      return socket;
    },
    close: () => {
      if (isClosed) return;
      isClosed = true;
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
