/**
 * @module
 * What all our WebSockets have in common: bounds, a heartbeat, and writing no faster than the other
 * side reads.
 */
import type { FastifyInstance } from "fastify";
import websocket, { type WebSocket } from "@fastify/websocket";
import { TextDecoder } from "node:util";
import { invalidRequest } from "../core/errors.ts";
import { answerBadHandshake } from "./client-error.ts";
import { findJsonFault } from "./json-bounds.ts";
import { ignoreOtherUpgrades } from "./web-socket-upgrades.ts";

/** Of one message. */
export const maxFrameBytes = 1024 * 1024;
const HEARTBEAT_MS = 20_000;

/** Must be called before the routes are added. */
export function acceptWebSockets(app: FastifyInstance): void {
  // The plug-in ends the connections of those only that came as far as its own hook. Whoever was refused
  // before would keep theirs for ever: Node has let go of it.
  app.addHook("onResponse", async ({ raw: { headers, socket } }) => {
    if (headers.upgrade !== undefined) socket.destroy();
  });
  void app.register(websocket, {
    // Longer messages end the connection with 1009, before they are held.
    options: { maxPayload: maxFrameBytes, perMessageDeflate: false },
    // What is no WebSocket has had its close code already, and is no news of this server.
    errorHandler: (error, _socket, request) => {
      request.log.info({ reason: error.message }, "a WebSocket broke off");
    },
    // Each route ends its own.
    preClose: (done) => {
      done();
    },
  });
  app.addHook("onReady", async () => {
    ignoreOtherUpgrades(app.server);
    app.websocketServer.on("wsClientError", answerBadHandshake);
  });
}

/**
 * Ends the connection of a side that no longer answers, and keeps a malformed frame from becoming an
 * uncaught error.
 *
 * @param onClosed Called once, however it ended.
 */
export function keepAlive(socket: WebSocket, onClosed: () => void): void {
  let isAlive = true;
  const timer = setInterval(() => {
    // What a paused one has sent is not read: it answers later.
    if (!isAlive && !socket.isPaused) {
      socket.terminate();
      return;
    }
    isAlive = false;
    socket.ping();
  }, HEARTBEAT_MS).unref();
  socket.on("pong", () => (isAlive = true));
  socket.on("message", () => (isAlive = true));
  // `close` follows.
  socket.on("error", () => undefined);
  socket.once("close", () => {
    clearInterval(timer);
    onClosed();
  });
}

/** @returns Resolves when the text has gone to the other side's system, or the connection is gone. */
export function sendText(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) {
      resolve();
      return;
    }
    socket.send(text, () => {
      resolve();
    });
  });
}

/**
 * JSON of a text frame.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function parseFrame(data: Buffer, isBinary: boolean): unknown {
  if (isBinary) throw invalidRequest("message", "must be text: JSON");
  const fault = findJsonFault(data);
  if (fault !== undefined) throw invalidRequest("message", fault);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data)) as unknown;
  } catch {
    throw invalidRequest("message", "is not JSON");
  }
}
