/**
 * @module
 * The resolver of a sandbox, on sockets.
 */
import type { Socket as UdpSocket } from "node:dgram";
import type { Server, Socket } from "node:net";
import { answerDns } from "./answer-dns.ts";
import type { Names } from "./names.ts";
import type { OnNote } from "./note.ts";
import { resetSocket } from "./reset-socket.ts";
import { replyTo } from "./udp-flow.ts";

export interface DnsServer {
  serveUdp(socket: UdpSocket): void;
  serveTcp(server: Server): void;
  /** Ends the connections; the sockets that it serves are their owner's. */
  close(): void;
}

/** A question about one name has at most 277 bytes; options of EDNS come on top. */
const maxQueryBytes = 1_232;
const maxConnections = 64;
const idleMs = 10_000;

export function createDnsServer(names: Names, onNote: OnNote): DnsServer {
  const connections = new Set<Socket>();
  const answer = (query: Buffer): Buffer | undefined =>
    query.length > maxQueryBytes ? undefined : answerDns(query, names, onNote);
  return {
    serveUdp: (socket) => {
      socket.on("message", (query, from) => {
        const bytes = answer(query);
        if (bytes !== undefined) replyTo(socket, bytes, from);
      });
    },
    serveTcp: (server) => {
      server.on("connection", (connection) => {
        if (connections.size >= maxConnections) {
          resetSocket(connection);
          return;
        }
        connections.add(connection);
        connection.once("close", () => connections.delete(connection));
        answerConnection(connection, answer);
      });
    },
    close: () => {
      for (const connection of connections) connection.destroy();
    },
  };
}

/** Each message has its length before it, in two bytes: RFC 1035, section 4.2.2. */
function answerConnection(connection: Socket, answer: (query: Buffer) => Buffer | undefined): void {
  let pending: Buffer = Buffer.alloc(0);
  connection.setTimeout(idleMs, () => connection.destroy());
  connection.on("error", () => connection.destroy());
  connection.on("drain", () => connection.resume());
  connection.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2) {
      const length = pending.readUInt16BE(0);
      if (length > maxQueryBytes) {
        resetSocket(connection);
        return;
      }
      if (pending.length < 2 + length) return;
      const bytes = answer(pending.subarray(2, 2 + length));
      pending = pending.subarray(2 + length);
      if (bytes === undefined) {
        resetSocket(connection);
        return;
      }
      const head = Buffer.alloc(2);
      head.writeUInt16BE(bytes.length, 0);
      // Who doesn't read its answers is not read either.
      if (!connection.write(Buffer.concat([head, bytes]))) connection.pause();
    }
  });
}
