/**
 * @module
 * Two TCP connections as one.
 */
import type { Socket } from "node:net";
import { keepAliveMs, type OutsideConnection } from "./connect.ts";
import { resetSocket } from "./reset-socket.ts";

/**
 * Passes on all that either side does: bytes, at the speed of whoever takes them slowest; the end of
 * one direction, with the other one staying open; and a reset as a reset, so that nobody takes what
 * was cut off for complete.
 */
export function splice(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    if (passCut(from, to)) from.pipe(to);
  }
}

/** The same with a connection that was dialled outside. */
export function spliceOutside(inside: Socket, outside: OutsideConnection): void {
  if (passCut(inside, outside.socket)) inside.pipe(outside.socket);
  if (passCut(outside.socket, inside)) outside.passTo(inside);
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
