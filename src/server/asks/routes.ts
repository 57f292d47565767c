/**
 * @module
 * GET /v1/asks, GET /v1/executions/ID/asks: what is being asked; POST /v1/asks/ID: an answer.
 */
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { AskFilter } from "../../service/permissions/ask-board.ts";
import { hasEnded } from "../../service/executions/execution-info.ts";
import { sendEvents, toEvent, wantsEvents } from "../event-stream.ts";
import { idParams, visibleTo } from "../executions/manage.ts";
import type { ServerContext } from "../server-options.ts";
import { untilNews } from "../until-news.ts";
import { answerAsk } from "./answer.ts";
import { queueAsks } from "./ask-messages.ts";
import { answerBodySchema, answeredSchema, askParams, asksAnswerSchema } from "./schemas.ts";
import { askToJson } from "./to-json.ts";

export function addAskRoutes(app: FastifyInstance, context: ServerContext): void {
  const stopping = new AbortController();
  app.addHook("preClose", async () => {
    stopping.abort();
  });
  const streams: Streams = { context, stopping: stopping.signal };
  const routes = app.withTypeProvider<ZodTypeProvider>();
  routes.route({
    method: "GET",
    url: "/v1/asks",
    schema: { response: { 200: asksAnswerSchema } },
    handler: async (request, reply) => showAsks(request, reply, filterOf(request), streams),
  });
  routes.route({
    method: "GET",
    url: "/v1/executions/:id/asks",
    schema: { params: idParams, response: { 200: asksAnswerSchema } },
    handler: async (request, reply) => {
      const of = { ...filterOf(request), executionId: request.params.id };
      const { asks, executions } = context;
      // One that is answered at once is nowhere else.
      if (!asks.has(of)) executions.find(of.executionId, of.callerId);
      return showAsks(request, reply, of, streams);
    },
  });
  routes.route({
    method: "POST",
    url: "/v1/asks/:id",
    schema: { params: askParams, body: answerBodySchema, response: { 200: answeredSchema } },
    handler: async (request) => answerAsk(context, request, request.params.id, request.body),
  });
}

interface Streams {
  readonly context: ServerContext;
  readonly stopping: AbortSignal;
}

/** Whose questions a caller sees, and may answer. */
function filterOf(request: FastifyRequest): AskFilter {
  const callerId = visibleTo(request);
  return callerId === undefined ? {} : { callerId };
}

function showAsks(
  request: FastifyRequest,
  reply: FastifyReply,
  of: AskFilter,
  { context, stopping }: Streams,
) {
  void reply.header("vary", "accept").header("cache-control", "no-store");
  if (!wantsEvents(request)) return { asks: context.asks.list(of).map(askToJson) };
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, stopping]);
  return sendEvents(reply, context.config, askEvents(context, of, signal), () => {
    gone.abort();
  });
}

/** Of one execution: until it has ended. */
async function* askEvents(
  { asks: board, executions }: ServerContext,
  of: AskFilter,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { executionId: id } = of;
  using queue = queueAsks(board, of);
  const live = id === undefined ? undefined : executions.live(id);
  const isOver = (): boolean =>
    id !== undefined && !board.has(of) && (live === undefined || hasEnded(live.info.state));
  // A client knows by its first byte that it misses nothing from here on.
  yield toEvent({ type: "idle" });
  while (!signal.aborted && !queue.isLost()) {
    const message = queue.take();
    if (message !== undefined) {
      yield toEvent(message);
      continue;
    }
    if (isOver()) return;
    const isIdle = await untilNews(signal, (wake) => [queue.onMore(wake), live?.onState(wake)]);
    if (isIdle) yield toEvent({ type: "idle" });
  }
}
