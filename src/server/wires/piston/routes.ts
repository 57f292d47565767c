/**
 * @module
 * The HTTP interface of Piston, version 2, at /api/v2.
 */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { boundsFor } from "../../admission.ts";
import { parseJson, readBody as readBytes, unsupportedMediaType } from "../../json-body.ts";
import { runNow } from "../../run-now.ts";
import type { ServerContext } from "../../server-options.ts";
import { readBody } from "./body.ts";
import { addConnectRoute } from "./connect.ts";
import { notFound, sendPistonError } from "./errors.ts";
import { findInstalled, keyNames } from "./installed.ts";
import { toJob } from "./job.ts";
import { pistonTimes, type PistonTimes } from "./limits.ts";
import { addPackageRoutes } from "./package-routes.ts";
import { languagesNamed } from "./runtimes.ts";
import { executeAnswer } from "./stage.ts";

/** Of a server that has only this wire. */
export function addPistonRoot(app: FastifyInstance): void {
  app.route({
    method: "GET",
    url: "/",
    config: { access: "public" },
    handler: async () => ({ message: "Piston v3.1.1" }),
  });
}

/** Of these Piston takes no body; all others must have one, of JSON. */
const bodiless: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Needs @fastify/websocket. @param times What a caller gets, and the most that one can ask for. */
export function addPistonRoutes(
  app: FastifyInstance,
  context: ServerContext,
  times: PistonTimes = pistonTimes(context.config),
): void {
  const add = async (scope: FastifyInstance): Promise<void> => {
    scope.setErrorHandler(sendPistonError);
    scope.setNotFoundHandler(({ method, url }) => {
      throw notFound(method, url);
    });
    // Clients of Piston post JSON as text. The check of origins keeps foreign web pages out.
    scope.addContentTypeParser(
      "text/plain",
      async (request: FastifyRequest, payload: IncomingMessage) =>
        parseJson(await readBytes(request, payload)),
    );
    scope.addHook("preValidation", async ({ method, body, headers }) => {
      if (body === undefined && !bodiless.has(method))
        throw unsupportedMediaType(headers["content-type"] ?? "");
    });
    addRuntimesRoute(scope, context);
    addExecuteRoute(scope, context, times);
    addConnectRoute(scope, context, times);
    addPackageRoutes(scope, context);
  };
  void app.register(add, { prefix: "/api/v2" });
}

function addRuntimesRoute(scope: FastifyInstance, context: ServerContext): void {
  scope.route({
    method: "GET",
    url: "/runtimes",
    config: { keyNames },
    handler: async (_request, reply) => {
      const { languages } = context.service.languages;
      const runtimes = await findInstalled(context, reply, languages);
      if (runtimes === undefined) return reply.hijack();
      return runtimes.map(({ name, version, aliases, packageName }) => ({
        language: name,
        version,
        aliases,
        ...(packageName === undefined ? {} : { runtime: packageName }),
      }));
    },
  });
}

function addExecuteRoute(scope: FastifyInstance, context: ServerContext, times: PistonTimes): void {
  const { config, service } = context;
  scope.route({
    method: "POST",
    url: "/execute",
    config: { keyNames },
    handler: async (request, reply) => {
      const body = readBody(request.body, config.server.maxFiles);
      const named = languagesNamed(service.languages.languages, body.language);
      const runtimes = await findInstalled(context, reply, named);
      if (runtimes === undefined) return reply.hijack();
      const bounds = boundsFor(request.caller, config);
      const job = toJob(body, { runtimes, bounds, times });
      const ran = await runNow(context, request, reply, job.body);
      if (ran === undefined) return reply.hijack();
      return executeAnswer(ran, job.runtime);
    },
  });
}
