/**
 * @module
 * Which server a program names in TLS. An allowed host can be a front for others behind it; this says
 * so where the program says it in the open, and stops nothing.
 */
import { isIP, type Socket } from "node:net";
import { readServerName } from "./client-hello.ts";
import type { Target } from "./dial.ts";
import type { OnNote } from "./note.ts";

/** A ClientHello with many key shares has two kilobytes. */
const maxHelloBytes = 16_384;
const tlsPort = 443;

/** Reads along what the program sends first, and notes another name than the one that was allowed. */
export function watchServerName({ host, port }: Target, inside: Socket, onNote: OnNote): void {
  if (port !== tlsPort || isIP(host) !== 0) return;
  let seen: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk.subarray(0, maxHelloBytes - seen.length)]);
    const hello = readServerName(seen);
    if (hello.kind === "incomplete" && seen.length < maxHelloBytes) return;
    inside.off("data", onData);
    if (hello.kind !== "named") return;
    const serverName = hello.serverName.toLowerCase().replace(/\.$/, "");
    if (serverName !== host) onNote({ kind: "other-server-name", host, port, serverName });
  };
  inside.on("data", onData);
}
