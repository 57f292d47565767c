/**
 * @module
 * GET /v1/admin/…: what an administrator sees of a server, its callers and what they run.
 */
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { z } from "zod";
import type { ExecutionInfo } from "../../service/executions/execution-info.ts";
import { notFound } from "../../service/executions/refusals.ts";
import { keyToJson } from "../../service/key-json.ts";
import { sendEvents, toEvent } from "../event-stream.ts";
import { listPage } from "../executions/list-page.ts";
import { idParams, visibleTo } from "../executions/manage.ts";
import { executionToJson } from "../executions/to-json.ts";
import type { ServerContext } from "../server-options.ts";
import { sampleToJson } from "./counts.ts";
import { readOverview } from "./overview.ts";
import {
  adminExecutionsSchema,
  adminKeysSchema,
  adminListQuerySchema,
  adminRunsSchema,
  historySchema,
  overviewSchema,
  type adminExecutionSchema,
} from "./schemas.ts";
import { createTicks } from "./ticks.ts";

const OVERVIEW_MS = 2000;
const MAX_KEYS = 1000;
const MAX_RUNS = 100;

export function addAdminRoutes(app: FastifyInstance, context: ServerContext): void {
  void app.register(async (scope) => {
    scope.addHook("onRequest", async (_request, reply) => {
      void reply.header("cache-control", "no-store");
    });
    addOverviewRoutes(scope, context);
    addExecutionsRoute(scope, context);
    addRunsRoutes(scope, context);
    addKeysRoute(scope, context);
  });
}

function addOverviewRoutes(app: FastifyInstance, context: ServerContext): void {
  const { history } = context.observers;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  routes.route({
    method: "GET",
    url: "/v1/admin/overview",
    config: { access: "admin" },
    schema: { response: { 200: overviewSchema } },
    handler: async () => readOverview(context),
  });
  routes.route({
    method: "GET",
    url: "/v1/admin/history",
    config: { access: "admin" },
    schema: { response: { 200: historySchema } },
    handler: async () => {
      const [first, ...samples] = await history.samples();
      return {
        samples: samples.map((now, at) => sampleToJson({ before: samples[at - 1] ?? first, now })),
      };
    },
  });
  const stopping = new AbortController();
  app.addHook("preClose", async () => {
    stopping.abort();
  });
  const overviews = createTicks(
    async () => toEvent({ type: "overview", ...(await readOverview(context)) }),
    OVERVIEW_MS,
  );
  routes.route({
    method: "GET",
    url: "/v1/admin/events",
    config: { access: "admin" },
    handler: async (_request, reply) => {
      const gone = new AbortController();
      const signal = AbortSignal.any([gone.signal, stopping.signal]);
      return sendEvents(reply, context.config, overviews.follow(signal), () => {
        gone.abort();
      });
    },
  });
}

function addExecutionsRoute(app: FastifyInstance, { executions, keys }: ServerContext): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "GET",
    url: "/v1/admin/executions",
    config: { access: "admin" },
    schema: { querystring: adminListQuerySchema, response: { 200: adminExecutionsSchema } },
    handler: async (request) => {
      const { page, next } = listPage(executions, request.query);
      const names = keys.names([...new Set(page.map(({ callerId }) => callerId))]);
      return {
        executions: page.map((info) => rowToJson(info, names.get(info.callerId) ?? null)),
        next_cursor: next,
      };
    },
  });
}

function rowToJson(
  info: ExecutionInfo,
  callerName: string | null,
): z.output<typeof adminExecutionSchema> {
  return {
    ...executionToJson(info),
    kind: info.kind,
    caller: info.callerId,
    caller_name: callerName,
    kept_bytes: info.bytes,
  };
}

function addRunsRoutes(app: FastifyInstance, { heldRuns, keys }: ServerContext): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  routes.route({
    method: "GET",
    url: "/v1/admin/runs",
    config: { access: "admin" },
    schema: { response: { 200: adminRunsSchema } },
    handler: async () => {
      const all = heldRuns.list();
      const shown = all.slice(0, MAX_RUNS);
      const names = keys.names([...new Set(shown.map(({ callerId }) => callerId))]);
      const runs = shown.map(({ id, route, language, callerId, begunAt }) => ({
        ...{ id, route, language },
        caller: callerId,
        caller_name: names.get(callerId) ?? null,
        begun_at: begunAt.toISOString(),
      }));
      return { runs, omitted: all.length - shown.length };
    },
  });
  // As to cancel an execution: `run` as well.
  routes.route({
    method: "POST",
    url: "/v1/admin/runs/:id/cancel",
    schema: { params: idParams },
    handler: async (request, reply) => {
      const { id } = request.params;
      const isFound = visibleTo(request) === undefined && heldRuns.end(id);
      if (isFound) return reply.code(204).send();
      throw notFound(id);
    },
  });
}

function addKeysRoute(app: FastifyInstance, { keys }: ServerContext): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "GET",
    url: "/v1/admin/keys",
    config: { access: "admin" },
    schema: { response: { 200: adminKeysSchema } },
    handler: async () => {
      const now = Date.now();
      const { uses, omitted } = keys.list(MAX_KEYS);
      return {
        keys: uses.map(({ key, executionsToday, requestsThisMinute }) => {
          const { scopes, ...rest } = keyToJson(key, now);
          return {
            ...rest,
            scopes: [...scopes],
            executions_today: executionsToday,
            requests_this_minute: requestsThisMinute,
          };
        }),
        omitted,
      };
    },
  });
}
