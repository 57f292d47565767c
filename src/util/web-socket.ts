/**
 * @module
 * What all WebSockets have in common, on either side: bounds, close codes, an end for a side that is
 * gone, writing that can be waited for, and reading no faster than somebody takes what is read.
 */
import type { WebSocket } from "ws";

/** Of one message, all its fragments together. */
export const maxMessageBytes = 1024 * 1024;

/** For `ws`, which also ends who sends pings and does not read the answers. */
export const webSocketOptions = {
  // Longer messages end the connection with 1009, before they are held.
  maxPayload: maxMessageBytes,
  perMessageDeflate: false,
  // In ms, for the other side's answer to a close.
  closeTimeout: 2_000,
} as const;

/** RFC 6455, 7.4.1, and IANA's registry of WebSocket close codes. */
export const closeCodes = {
  done: 1000,
  goingAway: 1001,
  protocol: 1002,
  badText: 1007,
  policy: 1008,
  failed: 1011,
  tryLater: 1013,
} as const;
export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes];

/** What either side's have. */
export type MessageSocket = Pick<
  WebSocket,
  | ("on" | "once" | "send" | "ping" | "close" | "terminate")
  | ("isPaused" | "bufferedAmount" | "readyState" | "OPEN")
>;

export interface Heartbeat {
  readonly intervalMs: number;
  /** Without a sign of life for so long, the other side is taken for gone. */
  readonly deadMs: number;
}

const usualHeartbeat: Heartbeat = { intervalMs: 20_000, deadMs: 60_000 };

/**
 * Ends the connection of a side that no longer answers, and keeps a malformed frame from becoming an
 * uncaught error.
 *
 * @param onClosed Called once, whoever ended it. 1006: without a word.
 */
export function keepAlive(
  socket: MessageSocket,
  onClosed: (code: number) => void,
  { intervalMs, deadMs } = usualHeartbeat,
): void {
  let seenMs = performance.now();
  const onSign = (): void => {
    seenMs = performance.now();
  };
  for (const event of ["message", "ping", "pong"] as const) socket.on(event, onSign);
  const timer = setInterval(() => {
    // What a paused one has sent is not read: it answers later. See `createInputGate`.
    if (socket.isPaused) onSign();
    if (performance.now() - seenMs > deadMs) socket.terminate();
    else if (socket.readyState === socket.OPEN) socket.ping();
  }, intervalMs).unref();
  // `close` follows.
  socket.on("error", () => undefined);
  socket.once("close", (code: number) => {
    clearInterval(timer);
    onClosed(code);
  });
}

/**
 * @param stallMs Who has not taken the message by then loses the connection. Absent: it waits for as long
 * as it takes.
 * @returns Resolves when the message has gone to the other side's system, or the connection is gone.
 */
export function sendMessage(
  socket: Pick<MessageSocket, "send" | "terminate" | "readyState" | "OPEN">,
  data: string | Buffer,
  stallMs?: number,
): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) {
      resolve();
      return;
    }
    const end = (): void => {
      socket.terminate();
    };
    const timer = stallMs === undefined ? undefined : setTimeout(end, stallMs);
    socket.send(data, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Of what was read and is not taken yet. */
export interface Backlog {
  bytes: number;
}

export interface InputGate {
  /** @returns To be called once when it is taken, or thrown away. */
  hold(bytes: number): () => void;
}

type GatedSocket = Pick<WebSocket, "once" | "ping" | "pause" | "resume" | "readyState" | "OPEN">;

/** So much may wait, and one more message: what comes behind it, a signal or an end, is still seen. */
const READ_ON_BYTES = 1024 * 1024;
/** With more than that, nothing is read. */
const LOOK_BYTES = 3 * 1024 * 1024;
/** How often somebody who is not read is looked at. */
const LOOK_MS = 750;
/** What a message takes in memory besides its bytes, about. */
const MESSAGE_BYTES = 512;

/**
 * Slows the other side down to what is taken of its input, and still sees when it goes: a socket that is
 * not read says nothing of its end. So it is read a message at a time while there is some room, and gets
 * pings: writing to a side that is gone fails, the second time at the latest.
 *
 * @param backlog One for all connections whose input goes to the same place.
 */
export function createInputGate(socket: GatedSocket, backlog: Backlog = { bytes: 0 }): InputGate {
  let looks: NodeJS.Timeout | undefined;
  const look = (): void => {
    if (backlog.bytes <= READ_ON_BYTES) {
      clearInterval(looks);
      looks = undefined;
    } else if (socket.readyState === socket.OPEN) {
      socket.ping();
    }
    // The next input pauses it again.
    if (backlog.bytes < LOOK_BYTES) socket.resume();
  };
  socket.once("close", () => {
    clearInterval(looks);
  });
  return {
    hold: (bytes) => {
      const heldBytes = bytes + MESSAGE_BYTES;
      backlog.bytes += heldBytes;
      // An end that was begun is to be heard to its own end.
      if (backlog.bytes > READ_ON_BYTES && socket.readyState === socket.OPEN) {
        socket.pause();
        looks ??= setInterval(look, LOOK_MS).unref();
      }
      return () => {
        backlog.bytes -= heldBytes;
        if (backlog.bytes <= READ_ON_BYTES && looks !== undefined) look();
      };
    },
  };
}
