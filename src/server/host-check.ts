/**
 * @module
 * Which addresses only this machine can reach, and who may speak to a server that listens there.
 */
import { isIPv4 } from "node:net";
import type { FastifyRequest } from "fastify";
import { GloveboxError, invalidRequest } from "../core/errors.ts";
import { showText, showValue } from "../util/show-value.ts";

/** `localhost`, 127.0.0.0/8 or ::1. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (name === "localhost" || name === "::1") return true;
  return isIPv4(name) && name.startsWith("127.");
}

/**
 * RFC 9112, 3.2. Node's own check answers without a word.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export async function requireHost({ headers, raw }: FastifyRequest): Promise<void> {
  if (headers.host !== undefined || raw.httpVersion === "1.0") return;
  throw invalidRequest("host", "is missing, a header that HTTP/1.1 needs");
}

/**
 * Refuses requests that a web page sent through a name of its own that points at 127.0.0.1 (DNS
 * rebinding): a browser lets such a page send anything and read the answer, and only `Host` tells.
 *
 * @throws {GloveboxError} `NOT_ALLOWED`
 */
export async function requireLoopbackHost({ headers }: FastifyRequest): Promise<void> {
  const { host = "" } = headers;
  const name = host.replace(/:\d*$/, "").replace(/^\[(.*)\]$/, "$1");
  if (isLoopback(name)) return;
  throw new GloveboxError(
    "NOT_ALLOWED",
    `host: this server is for this machine only; call it as localhost, 127.0.0.1 or [::1], not ${showValue(showText(host))}`,
    { field: "host" },
  );
}
