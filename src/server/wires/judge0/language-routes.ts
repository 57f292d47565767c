/**
 * @module
 * GET /languages, /languages/all, /languages/{id} and /statuses.
 */
import type { FastifyInstance, FastifyReply } from "fastify";
import type { ServerContext } from "../../server-options.ts";
import { listLanguages, type Judge0Language } from "./languages.ts";
import { notFound } from "./refusals.ts";
import { forAll } from "./route-access.ts";
import { statuses } from "./statuses.ts";

export function addLanguageRoutes(app: FastifyInstance, context: ServerContext): void {
  const { service, runs } = context;
  const list = async (reply: FastifyReply): Promise<readonly Judge0Language[] | undefined> => {
    const runtimes = await runs.during(reply, async (signal) => service.runtimes(signal));
    return runtimes && listLanguages(service.languages, runtimes);
  };
  app.route({
    method: "GET",
    url: "/languages",
    config: forAll,
    handler: async (_request, reply) => {
      const languages = await list(reply);
      if (languages === undefined) return reply.hijack();
      const active = languages.filter(({ is_archived }) => !is_archived);
      return active.map(({ id, name }) => ({ id, name }));
    },
  });
  app.route({
    method: "GET",
    url: "/languages/all",
    config: forAll,
    handler: async (_request, reply) => {
      const languages = await list(reply);
      if (languages === undefined) return reply.hijack();
      return languages.map(({ id, name, is_archived }) => ({ id, name, is_archived }));
    },
  });
  app.route<{ Params: { id: string } }>({
    method: "GET",
    url: "/languages/:id",
    config: forAll,
    handler: async ({ params }, reply) => {
      const languages = await list(reply);
      if (languages === undefined) return reply.hijack();
      return languages.find(({ id }) => String(id) === params.id) ?? reply.code(404).send(notFound);
    },
  });
  app.route({ method: "GET", url: "/statuses", config: forAll, handler: async () => statuses });
}
