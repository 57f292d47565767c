/**
 * @module
 * POST /v1/execute: runs a program and answers when it has ended.
 */
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { FastifyInstance } from "fastify";
import { collect } from "../../service/collect.ts";
import { reportToJson } from "../../service/report-json.ts";
import type { LiveRuns } from "../live-runs.ts";
import { executeAnswerSchema, executeBodySchema } from "../schemas.ts";
import type { ServerOptions } from "../server-options.ts";
import { findLanguage, toExecutionRequest } from "../to-request.ts";
import { refuseFloods } from "../validate.ts";

export function addExecuteRoute(
  app: FastifyInstance,
  { service, config }: ServerOptions,
  runs: LiveRuns,
): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "POST",
    url: "/v1/execute",
    schema: { body: executeBodySchema(config), response: { 200: executeAnswerSchema } },
    preValidation: async (request) => {
      refuseFloods(request.body, config.server.maxFiles);
    },
    handler: async (request, reply) => {
      const { id } = findLanguage(request.body.language, service.languages);
      const execution = toExecutionRequest(request.body, service.languages, config);
      const collected = await runs.during(reply, async (signal) =>
        collect(service, execution, signal),
      );
      // Fastify would still try to answer a client that is gone.
      if (collected === undefined) return reply.hijack();
      return { ...reportToJson(collected), language: id };
    },
  });
}
