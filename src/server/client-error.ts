/**
 * @module
 * Answers to what is no HTTP, or arrives too slowly: Node reports it before there is a request.
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ServerConfig } from "../config/server-config.ts";
import { errorCatalog, GloveboxError, invalidRequest } from "../core/errors.ts";
import { errorAnswer } from "./errors.ts";

/** Writes the answer by hand and closes the connection: what follows in it cannot be trusted. */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  { server }: ServerConfig,
): void {
  // The client is gone, or an answer has begun that another would garble.
  if (error.code === "ECONNRESET" || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  writeAndEnd(socket, clientFault(error.code, server.requestTimeoutMs));
}

/** For what asks for a WebSocket in a way that is none, in place of the plain text of `ws`. */
export function answerBadHandshake({ message }: Error, socket: Duplex): void {
  writeAndEnd(socket, invalidRequest("upgrade", message), ["sec-websocket-version: 13"]);
}

function writeAndEnd(socket: Duplex, known: GloveboxError, headers: readonly string[] = []): void {
  const body = JSON.stringify(errorAnswer(known));
  const { status } = errorCatalog[known.code];
  socket.end(
    [
      `HTTP/1.1 ${status} ${known.code}`,
      "content-type: application/json",
      `content-length: ${Buffer.byteLength(body)}`,
      "connection: close",
      ...headers,
      "",
      body,
    ].join("\r\n"),
  );
  // A client that goes on sending would keep the half-open connection.
  socket.once("finish", () => socket.destroy());
}

function clientFault(code: string | undefined, timeoutMs: number): GloveboxError {
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new GloveboxError(
        "REQUEST_TIMEOUT",
        `the request did not arrive as a whole within ${timeoutMs} ms`,
        { timeoutMs },
      );
    case "HPE_HEADER_OVERFLOW":
      return invalidRequest("headers", "are larger than this server takes (16 KiB)");
    default:
      return invalidRequest("request", `is not HTTP/1.1 (${code ?? "unknown fault"})`);
  }
}
