/**
 * @module
 * A WebSocket as /connect uses it: what is sent waits for who reads it, but not for ever.
 */
import type { WebSocket } from "@fastify/websocket";
import { keepAlive, sendText } from "../../web-socket.ts";

export interface Channel {
  /** Resolves once the message is out of our hands, or the connection is over. */
  send(message: object): Promise<void>;
  /** No more is taken from the client until `resume`; idempotent, as is that. */
  pause(): void;
  resume(): void;
  /** What was sent before still arrives. Idempotent. */
  close(code: number, reason: string): void;
}

/** Who takes nothing for so long holds a slot that others wait for. */
const STALL_MS = 10_000;
/** For the client's answer to a close. */
const CLOSE_GRACE_MS = 2_000;
/** Answers to pings come on top of what waits for its turn. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

/** @param onClosed Called once, whoever ended it. */
export function createChannel(socket: WebSocket, onClosed: () => void): Channel {
  let isOpen = true;
  let graceTimer: NodeJS.Timeout | undefined;
  socket.on("ping", () => {
    if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.terminate();
  });
  keepAlive(socket, () => {
    isOpen = false;
    clearTimeout(graceTimer);
    onClosed();
  });
  return {
    send: async (message) => {
      if (!isOpen) return;
      const timer = setTimeout(() => {
        socket.terminate();
      }, STALL_MS);
      await sendText(socket, JSON.stringify(message));
      clearTimeout(timer);
    },
    pause: () => {
      socket.pause();
    },
    resume: () => {
      socket.resume();
    },
    close: (code, reason) => {
      if (!isOpen) return;
      isOpen = false;
      // Its own close is to be heard.
      socket.resume();
      graceTimer = setTimeout(() => {
        socket.terminate();
      }, CLOSE_GRACE_MS);
      socket.close(code, reason);
    },
  };
}
