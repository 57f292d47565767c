/**
 * @module
 * Judge0 1.13.1: its paths, without a prefix. What they share: bodies, which may be forms, and the
 * shapes of refusals.
 */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { invalidRequest } from "../../../core/errors.ts";
import { parseJson, readBody } from "../../json-body.ts";
import type { ServerContext } from "../../server-options.ts";
import { addBatchRoutes } from "./batch-routes.ts";
import { addInfoRoutes } from "./info-routes.ts";
import { judge0Kind } from "./kind.ts";
import { addLanguageRoutes } from "./language-routes.ts";
import { sendJudge0Error } from "./refusals.ts";
import { addStatisticsRoute } from "./statistics.ts";
import { addSubmissionRoutes } from "./submission-routes.ts";

/** To be called before what killed servers left is taken over: their submissions may be among it. */
export function addJudge0Routes(app: FastifyInstance, context: ServerContext): void {
  context.executions.register(judge0Kind);
  void app.register(async (scope) => {
    scope.setErrorHandler(sendJudge0Error);
    acceptBodies(scope);
    addSubmissionRoutes(scope, context);
    addBatchRoutes(scope, context);
    addLanguageRoutes(scope, context);
    addInfoRoutes(scope, context);
    addStatisticsRoute(scope, context);
  });
}

/** Where Judge0 has a port of its own, its home page is empty and needs no key. */
export function addJudge0Home(app: FastifyInstance): void {
  app.route({
    method: "GET",
    url: "/",
    config: { access: "public" },
    handler: async (_request, reply) => reply.code(200).send(),
  });
}

function acceptBodies(scope: FastifyInstance): void {
  const accept = (contentType: string, parse: (body: Buffer) => unknown): void => {
    scope.addContentTypeParser(
      contentType,
      async (request: FastifyRequest, payload: IncomingMessage) =>
        parse(await readBody(request, payload)),
    );
  };
  // Clients name the type also where they send nothing.
  scope.removeContentTypeParser("application/json");
  accept("application/json", (body) => (body.byteLength === 0 ? {} : parseJson(body)));
  accept("application/x-www-form-urlencoded", parseForm);
}

/** Far more than a submission has. */
const MAX_FORM_FIELDS = 1000;

/**
 * Of fields that come twice the last one counts.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
function parseForm(body: Buffer): Record<string, string> {
  let fields = 1;
  for (let at = body.indexOf("&"); at !== -1; at = body.indexOf("&", at + 1)) {
    if (++fields > MAX_FORM_FIELDS) {
      throw invalidRequest("body", `has more than ${MAX_FORM_FIELDS} fields`);
    }
  }
  return Object.fromEntries(new URLSearchParams(body.toString("utf8")));
}
