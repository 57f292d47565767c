/**
 * @module
 * What a caller does with executions that were accepted: looks at them, waits, cancels, deletes.
 */
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { invalidRequest } from "../../core/errors.ts";
import { hasEnded, type ExecutionInfo } from "../../service/executions/execution-info.ts";
import type { ServerContext } from "../server-options.ts";
import {
  executionSchema,
  getQuerySchema,
  listAnswerSchema,
  listQuerySchema,
  maxListed,
} from "./schemas.ts";
import { executionToJson, type ExecutionJson } from "./to-json.ts";

const DEFAULT_LISTED = 20;
export const idParams = z.strictObject({ id: z.string().max(64) });

export function addManageRoutes(app: FastifyInstance, context: ServerContext): void {
  const { executions, runs } = context;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const full = (info: ExecutionInfo): ExecutionJson =>
    executionToJson(info, hasEnded(info.state) ? executions.result(info.id) : {});
  /** @throws {GloveboxError} `EXECUTION_NOT_FOUND` */
  const findOwn = (request: FastifyRequest<{ Params: { id: string } }>): ExecutionInfo =>
    executions.find(request.params.id, visibleTo(request));

  routes.route({
    method: "GET",
    url: "/v1/executions",
    schema: { querystring: listQuerySchema, response: { 200: listAnswerSchema } },
    handler: async (request) => {
      const { ids, state, limit = DEFAULT_LISTED, cursor } = request.query;
      const callerId = visibleTo(request);
      if (ids !== undefined) {
        const found = executions.findMany(parseIds(ids), callerId);
        return {
          executions: found.map((info) => (info === undefined ? null : full(info))),
          next_cursor: null,
        };
      }
      const listed = executions.list({
        limit: limit + 1,
        ...(callerId === undefined ? {} : { callerId }),
        ...(state === undefined ? {} : { state }),
        ...(cursor === undefined ? {} : { before: cursor }),
      });
      const page = listed.slice(0, limit);
      const last = listed.length > limit ? page.at(-1) : undefined;
      return {
        executions: page.map((info) => executionToJson(info)),
        next_cursor: last === undefined ? null : `${last.seq}`,
      };
    },
  });
  routes.route({
    method: "GET",
    url: "/v1/executions/:id",
    schema: { params: idParams, querystring: getQuerySchema, response: { 200: executionSchema } },
    handler: async (request, reply) => {
      const { id } = findOwn(request);
      const waitMs = (request.query.wait ?? 0) * 1000;
      const info = await runs.during(reply, async (signal) => executions.wait(id, waitMs, signal));
      return info === undefined ? reply.hijack() : full(info);
    },
  });
  routes.route({
    method: "POST",
    url: "/v1/executions/:id/cancel",
    schema: { params: idParams, response: { 200: executionSchema } },
    handler: async (request) => full(await executions.cancel(findOwn(request).id)),
  });
  routes.route({
    method: "DELETE",
    url: "/v1/executions/:id",
    schema: { params: idParams },
    handler: async (request, reply) => {
      await executions.remove(findOwn(request).id);
      return reply.code(204).send();
    },
  });
}

/** Whose executions a caller sees; undefined: all. */
export function visibleTo({ caller }: FastifyRequest): string | undefined {
  return caller.scopes.includes("admin") ? undefined : caller.id;
}

function parseIds(text: string): readonly string[] {
  const ids = text.split(",");
  if (ids.length <= maxListed) return ids;
  throw invalidRequest("ids", `has ${ids.length} ids, more than ${maxListed}`);
}
