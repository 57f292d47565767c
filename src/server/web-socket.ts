/**
 * @module
 * What all WebSockets of this server have in common: how they are accepted, read and ended.
 */
import type { FastifyInstance } from "fastify";
import websocket from "@fastify/websocket";
import { TextDecoder } from "node:util";
import { errorCatalog, invalidRequest, type GloveboxError } from "../core/errors.ts";
import { closeCodes, webSocketOptions, type CloseCode } from "../util/web-socket.ts";
import { answerBadHandshake } from "./client-error.ts";
import { findJsonFault } from "./json-bounds.ts";
import type { OpenAnswers } from "./open-answers.ts";
import { ignoreOtherUpgrades } from "./web-socket-upgrades.ts";

/** Must be called before the routes are added. */
export function acceptWebSockets(app: FastifyInstance, answers: OpenAnswers): void {
  // The plug-in ends the connections of those only that came as far as its own hook. Whoever was refused
  // before would keep theirs for ever: Node has let go of it.
  app.addHook("onResponse", async ({ raw: { headers, socket } }) => {
    if (headers.upgrade !== undefined) socket.destroy();
  });
  void app.register(websocket, {
    options: webSocketOptions,
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
    ignoreOtherUpgrades(app.server, answers);
    app.websocketServer.on("wsClientError", answerBadHandshake);
  });
}

/** How a connection ends for a failure. */
export function closeCodeOf({ code }: GloveboxError): CloseCode {
  if (code === "SHUTTING_DOWN") return closeCodes.goingAway;
  const { status } = errorCatalog[code];
  if (status === 429 || status === 503) return closeCodes.tryLater;
  return status >= 500 ? closeCodes.failed : closeCodes.policy;
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
