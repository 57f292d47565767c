/**
 * @module
 * What a caller does with executions that were accepted: looks at them, waits, cancels, deletes.
 */
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { invalidRequest } from "../../core/errors.ts";
import { hasEnded, type ExecutionInfo } from "../../service/executions/execution-info.ts";
import type { Executions } from "../../service/executions/executions.ts";
import { waitingFor } from "../asks/to-json.ts";
import type { ServerContext } from "../server-options.ts";
import { listPage } from "./list-page.ts";
import {
  executionSchema,
  getQuerySchema,
  listAnswerSchema,
  listQuerySchema,
  maxListed,
} from "./schemas.ts";
import { executionToJson, type ExecutionJson } from "./to-json.ts";

export const idParams = z.strictObject({ id: z.string().max(64) });

export function addManageRoutes(app: FastifyInstance, context: ServerContext): void {
  addListRoute(app, context);
  addGetRoute(app, context);
  const { executions, runs } = context;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  routes.route({
    method: "POST",
    url: "/v1/executions/:id/cancel",
    schema: { params: idParams, response: { 200: executionSchema } },
    handler: async (request, reply) => {
      const { id } = executions.find(request.params.id, visibleTo(request));
      const info = await runs.during(reply, async (signal) => executions.cancel(id, signal));
      return info === undefined ? reply.hijack() : withResult(executions, info);
    },
  });
  routes.route({
    method: "DELETE",
    url: "/v1/executions/:id",
    schema: { params: idParams },
    handler: async (request, reply) => {
      const { id, state } = executions.find(request.params.id, visibleTo(request));
      const isDone = await runs.during(reply, async (signal) => {
        // Nothing is lost with what only waits; who wants an end of what runs says so.
        if (state === "queued") await executions.cancel(id, signal);
        await executions.remove(id);
        return true;
      });
      return isDone === undefined ? reply.hijack() : reply.code(204).send();
    },
  });
}

function addListRoute(app: FastifyInstance, { executions }: ServerContext): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "GET",
    url: "/v1/executions",
    schema: { querystring: listQuerySchema, response: { 200: listAnswerSchema } },
    handler: async (request) => {
      const { ids, ...query } = request.query;
      const callerId = visibleTo(request);
      if (ids !== undefined) {
        const found = executions.findMany(parseIds(ids), callerId);
        refuseLongAnswer(found);
        return {
          executions: found.map((info) =>
            info === undefined ? null : withResult(executions, info),
          ),
          next_cursor: null,
        };
      }
      const { page, next } = listPage(executions, query, callerId);
      return {
        executions: page.map((info) => executionToJson(info)),
        next_cursor: next,
      };
    },
  });
}

function addGetRoute(app: FastifyInstance, { executions, runs, asks }: ServerContext): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "GET",
    url: "/v1/executions/:id",
    schema: { params: idParams, querystring: getQuerySchema, response: { 200: executionSchema } },
    handler: async (request, reply) => {
      const { id } = executions.find(request.params.id, visibleTo(request));
      const waitMs = (request.query.wait ?? 0) * 1000;
      const info = await runs.during(reply, async (signal) => executions.wait(id, waitMs, signal));
      return info === undefined
        ? reply.hijack()
        : { ...withResult(executions, info), ...waitingFor(asks, id) };
    },
  });
}

function withResult(executions: Pick<Executions, "result">, info: ExecutionInfo): ExecutionJson {
  return executionToJson(info, hasEnded(info.state) ? executions.result(info.id) : {});
}

/** Whose executions a caller sees; undefined: all. */
export function visibleTo({ caller }: FastifyRequest): string | undefined {
  return caller.scopes.includes("admin") ? undefined : caller.id;
}

/** Of the results of one answer, as they are kept. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** @throws {GloveboxError} `INVALID_REQUEST` */
function refuseLongAnswer(found: readonly (ExecutionInfo | undefined)[]): void {
  const bytes = found.reduce((sum, info) => sum + (info?.bytes ?? 0), 0);
  if (bytes <= MAX_ANSWER_BYTES || found.length === 1) return;
  const most = `more than ${MAX_ANSWER_BYTES}. Ask for fewer at a time`;
  throw invalidRequest("ids", `what is kept of these has ${bytes} bytes together, ${most}`);
}

function parseIds(text: string): readonly string[] {
  const ids = [...new Set(text.split(","))];
  if (ids.length <= maxListed) return ids;
  throw invalidRequest("ids", `has ${ids.length} ids, more than ${maxListed}`);
}
