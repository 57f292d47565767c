/**
 * @module
 * Two TCP connections as one.
 */
import type { Socket } from "node:net";
import { keepAliveMs } from "./connect.ts";
import type { Connection, OnBytes } from "./connection.ts";
import { resetSocket } from "./reset-socket.ts";

/**
 * Passes on all that either side does: bytes, at the speed of whoever takes them slowest; the end of
 * one direction, with the other one staying open; and a reset as a reset, so that nobody takes what
 * was cut off for complete.
 *
 * @param onBytes Reads along what comes from `one`.
 */
export function splice(one: Connection, other: Connection, onBytes?: OnBytes): void {
  if (passCut(one.socket, other.socket)) one.passTo(other.socket, onBytes);
  if (passCut(other.socket, one.socket)) other.passTo(one.socket);
}

/** For sockets that somebody else made, before they do anything. */
export function prepareForSplice(socket: Socket): void {
  // To be set before its other side ends: https://nodejs.org/api/stream.html#duplexallowhalfopen
  socket.allowHalfOpen = true;
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveMs);
  // Whoever waits for it to close is told; nobody else wants to know why.
  socket.on("error", () => undefined);
}

/** False where it has been cut off already. */
function passCut(from: Socket, to: Socket): boolean {
  const cut = (): void => {
    const isComplete = from.readableEnded && from.writableFinished;
    if (!isComplete && !to.destroyed) resetSocket(to);
  };
  if (from.destroyed) cut();
  else from.once("close", cut);
  return !from.destroyed;
}
