/**
 * @module
 * A hijacked connection without an upgrade: what comes in is the endless body of a plain answer,
 * what goes out is written below HTTP.
 */
import type { IncomingMessage } from "node:http";
import { Duplex } from "node:stream";

/** Both directions as one; `end()` closes only the one that goes out. */
export function plainConnection(response: IncomingMessage): Duplex {
  const { socket } = response;
  const connection = new Duplex({
    read: () => void response.resume(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  const fail = (error: Error): void => void connection.destroy(error);
  socket.on("error", fail);
  response.on("error", fail);
  response.on("data", (chunk: Buffer) => {
    if (!connection.push(chunk)) response.pause();
  });
  response.on("end", () => connection.push(null));
  return connection;
}
