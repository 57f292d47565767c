/**
 * @module
 * Two TCP connections as one.
 */
import type { Socket } from "node:net";
import { keepAliveMs } from "./connect.ts";

/**
 * Passes on all that either side does: bytes, at the speed of whoever takes them slowest; the end of
 * one direction, with the other one staying open; and a reset as a reset, so that nobody takes what
 * was cut off for complete.
 */
export function splice(inside: Socket, outside: Socket): void {
  pass(inside, outside);
  pass(outside, inside);
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

function pass(from: Socket, to: Socket): void {
  const cut = (): void => {
    const isComplete = from.readableEnded && from.writableFinished;
    if (!isComplete && !to.destroyed) to.resetAndDestroy();
  };
  if (from.destroyed) {
    cut();
    return;
  }
  from.once("close", cut);
  from.pipe(to);
}
