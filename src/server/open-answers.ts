/**
 * @module
 * The answers of each connection that are not written yet. A client may send requests without waiting
 * for answers; Node reads them all, and tells only the first of them when the connection ends.
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { GloveboxError } from "../core/errors.ts";

/** Of one connection. No client of ours, and no usual proxy, sends a second request before the answer. */
const MAX_OPEN = 32;
const MAX_LISTENERS = 32;

export interface OpenAnswers {
  /** Must be called for each request, also for one that no hook sees. */
  add(socket: Socket, response: ServerResponse): void;
  count(socket: Socket): number;
}

export function createOpenAnswers(): OpenAnswers {
  const open = new WeakMap<Socket, Set<ServerResponse>>();
  return {
    add: (socket, response) => {
      const answers = open.get(socket) ?? new Set();
      if (!open.has(socket)) {
        open.set(socket, answers);
        socket.once("close", () => {
          for (const each of answers) end(each);
        });
      }
      answers.add(response);
      // Each part of the server that keeps something for a request listens for its end.
      response.setMaxListeners(MAX_LISTENERS);
      response.once("close", () => void answers.delete(response));
    },
    count: (socket) => open.get(socket)?.size ?? 0,
  };
}

/** Must be called before other hooks are added: they rely on the end of each response. */
export function boundOpenAnswers(app: FastifyInstance, answers: OpenAnswers): void {
  app.addHook("onRequest", async ({ raw: { socket } }, { raw: response }) => {
    answers.add(socket, response);
    if (answers.count(socket) <= MAX_OPEN) return;
    socket.destroy();
    throw new GloveboxError(
      "CAPACITY_EXHAUSTED",
      `this connection has more than ${MAX_OPEN} requests that are not answered yet.`,
      { limit: MAX_OPEN },
    );
  });
}

/** One whose turn to be written has not come has no socket, and would never close. */
function end(response: ServerResponse): void {
  response.destroy();
  response.emit("close");
}
