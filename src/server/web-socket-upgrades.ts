/**
 * @module
 * Requests that would like another protocol than ours: Java's client, and curl's `--http2`, offer h2c
 * with every first request. RFC 9110, 7.8: a server that does not want it answers as if nothing had
 * been offered. Node hands such a request over without its body once a server listens for upgrades.
 */
import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { OpenAnswers } from "./open-answers.ts";

type OnUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

/** Must be called once those who want WebSockets listen. */
export function ignoreOtherUpgrades(server: Server, answers: OpenAnswers): void {
  const others = server.listeners("upgrade") as OnUpgrade[];
  server.removeAllListeners("upgrade");
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // Node has let go of the connection, and an earlier answer still has it: nobody would ever end it.
    if (answers.count(socket) > 0) {
      socket.destroy();
      return;
    }
    if (request.headers.upgrade?.toLowerCase() === "websocket") {
      for (const listener of others) listener.call(server, request, socket, head);
      return;
    }
    // Node leaves out what is beyond this: the body would begin elsewhere than the client meant.
    if (request.rawHeaders.length >= 2 * MAX_HEADERS) {
      socket.destroy();
      return;
    }
    // The same request once more, without the offer; its body follows it, as far as it has come.
    socket.unshift(Buffer.concat([withoutUpgrade(request), head]));
    server.emit("connection", socket);
  });
}

/** `server.maxHeadersCount`, where nobody sets it. */
const MAX_HEADERS = 2000;

function withoutUpgrade({
  method = "",
  url = "",
  httpVersion,
  rawHeaders,
}: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (/^(upgrade|connection|http2-settings)$/i.test(name)) continue;
    lines.push(`${name}: ${rawHeaders[at + 1] ?? ""}`);
  }
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}
