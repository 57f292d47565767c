/**
 * @module
 * Opens the connection of one sandbox.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { webSocketOptions } from "../../util/web-socket.ts";
import { readAnswer } from "./ask.ts";
import type { Endpoint } from "./endpoint.ts";
import { answerFailure, connectionFailure } from "./failures.ts";

const HANDSHAKE_TIMEOUT_MS = 15_000;

/**
 * @param prepare Called at once, before anything can have come.
 * @throws {GloveboxError} `PROVIDER_UNAVAILABLE`, or what the server says itself.
 * @throws The reason of `signal`.
 */
export async function openSocket(
  endpoint: Endpoint,
  signal: AbortSignal,
  prepare: (socket: WebSocket) => void,
): Promise<void> {
  signal.throwIfAborted();
  const socket = new WebSocket(endpoint.sandboxUrl, {
    ...webSocketOptions,
    headers: endpoint.headers,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    // A key is for the server that was named.
    followRedirects: false,
  });
  prepare(socket);
  const onAbort = (): void => {
    socket.terminate();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", (error) => {
        reject(connectionFailure(endpoint, error));
      });
      socket.once("unexpected-response", (request: ClientRequest, response: IncomingMessage) => {
        void refusal(endpoint, response).then((error) => {
          request.destroy();
          reject(error);
          socket.terminate();
        });
      });
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function refusal(endpoint: Endpoint, response: IncomingMessage): Promise<Error> {
  const { statusCode: status = 0, headers } = response;
  const body = await readAnswer(response).catch(() => "");
  return answerFailure(endpoint, { status, location: headers.location, body });
}
