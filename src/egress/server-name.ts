/**
 * @module
 * Which server a program names in TLS. An allowed host can be a front for others behind it; this says
 * so where the program says it in the open, and stops nothing.
 */
import { isIP } from "node:net";
import { readServerName } from "./client-hello.ts";
import type { OnBytes } from "./connection.ts";
import type { Target } from "./dial.ts";
import type { OnNote } from "./note.ts";

/** A ClientHello with many key shares has two kilobytes. */
const maxHelloBytes = 16_384;
const tlsPort = 443;

/**
 * Reads along what a program sends first, and notes another name than the one that was allowed. Absent:
 * there is nothing to look for.
 */
export function watchServerName({ host, port }: Target, onNote: OnNote): OnBytes | undefined {
  if (port !== tlsPort || isIP(host) !== 0) return undefined;
  let seen: Buffer | undefined = Buffer.alloc(0);
  return (bytes) => {
    if (seen === undefined) return;
    seen = Buffer.concat([seen, bytes.subarray(0, maxHelloBytes - seen.length)]);
    const hello = readServerName(seen);
    if (hello.kind === "incomplete" && seen.length < maxHelloBytes) return;
    seen = undefined;
    if (hello.kind !== "named") return;
    const serverName = hello.serverName.toLowerCase().replace(/\.$/, "");
    if (serverName !== host) onNote({ kind: "other-server-name", host, port, serverName });
  };
}
