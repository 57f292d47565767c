/**
 * @module
 * What all WebSockets have in common, on either side: bounds, close codes, an end for a side that is
 * gone, and writing that can be waited for.
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
    // What a paused one has sent is not read: it answers later.
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

/** @returns Resolves when the message has gone to the other side's system, or the connection is gone. */
export function sendMessage(socket: MessageSocket, data: string | Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) {
      resolve();
      return;
    }
    socket.send(data, () => {
      resolve();
    });
  });
}
