/**
 * @module
 * GET /health: the server is there and answers. It starts nothing, so it can be asked often.
 */
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { healthAnswerSchema } from "../schemas.ts";
import type { ServerOptions } from "../server-options.ts";

export function addHealthRoute(app: FastifyInstance, { version }: ServerOptions): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "GET",
    url: "/health",
    config: { access: "public" },
    schema: { response: { 200: healthAnswerSchema } },
    // Clients of isobox ask this address too and look for its `service`; ours is in `name`.
    handler: async () => ({ status: "healthy", service: "isobox", version, name: "glovebox" }),
  });
}
