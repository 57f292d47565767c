/**
 * @module
 * GET /v1/languages: what can be run here, and in which version.
 */
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { languagesAnswerSchema } from "../schemas.ts";
import type { ServerContext } from "../server-options.ts";

export function addLanguagesRoute(app: FastifyInstance, { service, runs }: ServerContext): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "GET",
    url: "/v1/languages",
    schema: { response: { 200: languagesAnswerSchema } },
    handler: async (_request, reply) => {
      const runtimes = await runs.during(reply, async (signal) => service.runtimes(signal));
      if (runtimes === undefined) return reply.hijack();
      return {
        languages: service.languages.languages.map((language) => {
          const { id, title, aliases, extensions, highlight } = language;
          const found = runtimes.filter(({ languageId }) => languageId === id);
          return {
            ...{ id, title, aliases, extensions, highlight },
            version: found[0]?.version ?? null,
            installed: found.length > 0,
            runtimes: found.map(({ version, image = null }) => ({ version, image })),
          };
        }),
      };
    },
  });
}
