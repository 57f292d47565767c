/**
 * @module
 * POST /v1/execute: runs a program and answers when it has ended.
 */
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { FastifyInstance } from "fastify";
import { reportToJson } from "../../service/report-json.ts";
import { runNow } from "../run-now.ts";
import { executeAnswerSchema, executeBodySchema } from "../schemas.ts";
import type { ServerContext } from "../server-options.ts";
import { refuseFloods } from "../validate.ts";

export function addExecuteRoute(app: FastifyInstance, context: ServerContext): void {
  const { config } = context;
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "POST",
    url: "/v1/execute",
    schema: { body: executeBodySchema(config), response: { 200: executeAnswerSchema } },
    preValidation: async (request) => {
      refuseFloods(request.body, config.server.maxFiles);
    },
    handler: async (request, reply) => {
      const ran = await runNow(context, request, reply, request.body);
      // Fastify would still try to answer a client that is gone.
      if (ran === undefined) return reply.hijack();
      return { ...reportToJson(ran), language: ran.language.id };
    },
  });
}
