/**
 * @module
 * GET /v1/executions/ID/events: what happens to an execution, as server-sent events.
 */
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import type { ExecutionInfo } from "../../service/executions/execution-info.ts";
import { sendEvents, toEvent } from "../event-stream.ts";
import type { ServerContext } from "../server-options.ts";
import { followExecution, type ExecutionMessage } from "./follow.ts";
import { idParams, visibleTo } from "./manage.ts";
import { parsePlace, type Place } from "./place.ts";

export const cursorQuery = z.strictObject({ cursor: z.string().max(64).optional() });

export function addEventsRoute(app: FastifyInstance, context: ServerContext): void {
  const { executions } = context;
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "GET",
    url: "/v1/executions/:id/events",
    schema: { params: idParams, querystring: cursorQuery },
    handler: async (request, reply) => {
      const info = executions.find(request.params.id, visibleTo(request));
      const last = request.headers["last-event-id"];
      const from = parsePlace(typeof last === "string" ? last : request.query.cursor);
      return sendExecution(context, reply, info, from);
    },
  });
}

/**
 * All that happens to an execution from there on, as the answer.
 *
 * @throws {GloveboxError} `CAPACITY_EXHAUSTED`
 */
export function sendExecution(
  context: ServerContext,
  reply: FastifyReply,
  info: ExecutionInfo,
  from: Place,
): FastifyReply {
  const gone = new AbortController();
  const hold = context.outputHolds.hold(info, () => {
    reply.raw.destroy();
  });
  const events = toEvents(followExecution(context, info.id, from, gone.signal));
  return sendEvents(reply, context.config, events, () => {
    hold.close();
    gone.abort();
  });
}

async function* toEvents(messages: AsyncIterable<ExecutionMessage>): AsyncGenerator<string> {
  for await (const message of messages)
    yield toEvent(message, message.type === "output" ? message.cursor : undefined);
}
