/**
 * @module
 * GET /v1/executions/ID/events: what happens to an execution, as server-sent events.
 */
import { Readable } from "node:stream";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { ServerContext } from "../server-options.ts";
import { followExecution, type ExecutionMessage } from "./follow.ts";
import { idParams, visibleTo } from "./manage.ts";
import { parsePlace } from "./place.ts";

export const cursorQuery = z.strictObject({ cursor: z.string().max(64).optional() });

export function addEventsRoute(app: FastifyInstance, context: ServerContext): void {
  const { executions, outputHolds, config } = context;
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "GET",
    url: "/v1/executions/:id/events",
    schema: { params: idParams, querystring: cursorQuery },
    handler: async (request, reply) => {
      const info = executions.find(request.params.id, visibleTo(request));
      const { id } = info;
      const last = request.headers["last-event-id"];
      const from = parsePlace(typeof last === "string" ? last : request.query.cursor);
      const gone = new AbortController();
      const hold = outputHolds.hold(info, () => {
        reply.raw.destroy();
      });
      const onClose = (): void => {
        hold.close();
        gone.abort();
      };
      reply.raw.once("close", onClose);
      if (reply.raw.destroyed) onClose();
      // Something is written every 15 s: who takes nothing of it for so long reads no more.
      reply.raw.setTimeout(Math.max(config.server.requestTimeoutMs, MIN_TIMEOUT_MS), () => {
        reply.raw.destroy();
      });
      const events = Readable.from(toEvents(followExecution(executions, id, from, gone.signal)), {
        // One message is made at a time: who does not read costs no more.
        highWaterMark: 1,
      });
      return reply
        .type("text/event-stream")
        .header("cache-control", "no-store")
        .header("x-accel-buffering", "no")
        .send(events);
    },
  });
}

/** Twice the time in which something is written. */
const MIN_TIMEOUT_MS = 30_000;

async function* toEvents(messages: AsyncIterable<ExecutionMessage>): AsyncGenerator<string> {
  for await (const message of messages) {
    if (message.type === "idle") {
      yield ": idle\n\n";
      continue;
    }
    const { type, ...data } = message;
    const id = message.type === "output" ? `id: ${message.cursor}\n` : "";
    yield `${id}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  }
}
