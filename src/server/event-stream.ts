/**
 * @module
 * Server-sent events as an answer.
 */
import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerConfig } from "../config/server-config.ts";

/** Twice the time in which something is written. */
const MIN_TIMEOUT_MS = 30_000;

/** Of a path that also answers otherwise. */
export const wantsEvents = ({ headers: { accept = "" } }: FastifyRequest): boolean =>
  /(^|[,\s])text\/event-stream\b/i.test(accept);

/**
 * @param events As the stream has them; one is made at a time: who does not read costs no more.
 * @param onClose Called when the connection is gone, once.
 */
export function sendEvents(
  reply: FastifyReply,
  { server: { requestTimeoutMs } }: Pick<ServerConfig, "server">,
  events: AsyncIterable<string>,
  onClose: () => void,
): FastifyReply {
  reply.raw.once("close", onClose);
  if (reply.raw.destroyed) onClose();
  // Something is written every 15 s: who takes nothing of it for so long reads no more.
  reply.raw.setTimeout(Math.max(requestTimeoutMs, MIN_TIMEOUT_MS), () => {
    reply.raw.destroy();
  });
  return reply
    .type("text/event-stream")
    .header("cache-control", "no-store")
    .header("x-accel-buffering", "no")
    .send(Readable.from(events, { highWaterMark: 1 }));
}

/** @param message Its `type` is the event; without more it only keeps the connection alive. */
export function toEvent(message: { readonly type: string }, id?: string): string {
  if (message.type === "idle") return ": idle\n\n";
  const { type, ...data } = message;
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
