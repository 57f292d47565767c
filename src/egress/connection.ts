/**
 * @module
 * One side of a relay: a socket, and how what comes in there is passed on. Streams make a new buffer for
 * each read, of which the garbage collector takes as much time as all the rest; here a connection has one
 * of its own.
 */
import { connect, Socket, type OnReadOpts, type TcpNetConnectOpts } from "node:net";

export interface Connection {
  readonly socket: Socket;
  /**
   * To be called once. What comes in is written there, as fast as that takes it; so is the end. Until
   * then nothing is lost.
   *
   * @param onBytes Called with what comes in, which is its own for the time of the call only.
   */
  passTo(sink: Socket, onBytes?: OnBytes): void;
}

export type OnBytes = (bytes: Uint8Array) => void;

const bufferBytes = 128 * 1_024;

/** One that begins to connect, and reads nothing before it is passed on. */
export function openConnection(options: TcpNetConnectOpts): Connection {
  const pump = createPump();
  const connection = pump.join(connect({ ...options, onread: pump.onread }));
  connection.socket.pause();
  return connection;
}

/**
 * One that a server took. Its socket is another than `accepted`, which is of no use any more; it reads at
 * once, since who doesn't read is not told of a reset.
 */
export function takeConnection(accepted: Socket): Connection {
  // Only who connects can tell Node of a buffer (https://nodejs.org/api/net.html#socketconnectoptions-connectlistener);
  // the constructor takes the same with a handle, which is not documented, as the handle itself is not.
  const { _handle: handle } = accepted as { _handle?: object | null };
  if (handle === undefined || handle === null || !("useUserBuffer" in handle)) {
    return streamOf(accepted);
  }
  Object.assign(accepted, { _handle: null });
  const pump = createPump();
  const options = { handle, onread: pump.onread, allowHalfOpen: true };
  return pump.join(new Socket(options));
}

/** One as Node's streams have it. */
export function streamOf(socket: Socket): Connection {
  return {
    socket,
    passTo: (sink, onBytes) => {
      if (onBytes !== undefined) socket.on("data", onBytes);
      socket.pipe(sink);
    },
  };
}

interface Pump {
  readonly onread: OnReadOpts;
  join(socket: Socket): Connection;
}

function createPump(): Pump {
  let source: Socket | undefined;
  let sink: Socket | undefined;
  let onBytes: OnBytes | undefined;
  /** Came before there was a sink. */
  let early: Uint8Array | undefined;
  let isWaiting = false;
  const onWritten = (): void => {
    if (!isWaiting || sink === undefined || sink.writableLength > 0) return;
    isWaiting = false;
    source?.resume();
  };
  /** False where reading has to wait: until the kernel has all of it, the buffer must stay as it is. */
  const pass = (bytes: Uint8Array): boolean => {
    if (sink === undefined) early = bytes;
    if (sink === undefined || sink.destroyed) return false;
    onBytes?.(bytes);
    sink.write(bytes, onWritten);
    isWaiting = sink.writableLength > 0;
    return !isWaiting;
  };
  return {
    onread: {
      buffer: Buffer.allocUnsafeSlow(bufferBytes),
      callback: (length, bytes) => pass(bytes.subarray(0, length)),
    },
    join: (socket) => {
      source = socket;
      return {
        socket,
        passTo: (to, tell) => {
          sink = to;
          onBytes = tell;
          socket.once("end", () => to.end());
          if (early === undefined || pass(early)) socket.resume();
        },
      };
    },
  };
}
