/**
 * @module
 * The routes of isobox: POST /execute as its README has it, `{language, code}` to
 * `{stdout, stderr, exit_code}`, and what came later. Its GET /health is also ours, see
 * `routes/health.ts`.
 */
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { runNow } from "../../run-now.ts";
import type { ServerContext } from "../../server-options.ts";
import { isoboxBody } from "./isobox-body.ts";
import { refuseAsReadme } from "./isobox-refusals.ts";
import { addIsoboxStatusRoutes } from "./isobox-status.ts";
import { addIsoboxV1Routes } from "./isobox-v1.ts";
import { endOf, limitNote } from "./program-end.ts";

/** Unknown fields are ignored, as there. */
const bodySchema = z.object({ language: z.string(), code: z.string() });

const answerSchema = z.strictObject({
  stdout: z.string(),
  stderr: z.string(),
  exit_code: z.int(),
});

export function addIsoboxRoutes(app: FastifyInstance, context: ServerContext): void {
  addExecuteRoute(app, context);
  addIsoboxV1Routes(app, context);
  addIsoboxStatusRoutes(app, context);
}

function addExecuteRoute(app: FastifyInstance, context: ServerContext): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "POST",
    url: "/execute",
    schema: { body: bodySchema, response: { 200: answerSchema } },
    errorHandler: refuseAsReadme,
    handler: async (request, reply) => {
      const body = isoboxBody(request.body, request.caller, context.config);
      const ran = await runNow(context, request, reply, body);
      if (ran === undefined) return reply.hijack();
      const { phase, stdout, stderr, outcome, exitCode } = endOf(ran);
      return {
        stdout: phase === "compile" ? "" : stdout,
        stderr: stderr + limitNote(outcome),
        exit_code: exitCode,
      };
    },
  });
}
