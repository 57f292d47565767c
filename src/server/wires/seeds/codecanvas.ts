/**
 * @module
 * GET /api/v1/languages and POST /api/v1/run of codecanvas.
 */
import { constants } from "node:os";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Outcome } from "../../../core/outcome.ts";
import { readBody } from "../../json-body.ts";
import { runNow } from "../../run-now.ts";
import type { ServerContext } from "../../server-options.ts";
import { parseRunRequest } from "./codecanvas-body.ts";
import { refuseAsCodecanvas } from "./codecanvas-refusals.ts";
import { signalText } from "./go-signals.ts";
import { installedNames, languageNamed } from "./language-names.ts";
import { endOf, limitNote, type ProgramEnd } from "./program-end.ts";

/** In its order, which its clients show. */
const namesThere = ["python3", "nodejs", "c++", "go", "bash", "rust"] as const;

const languagesSchema = z.strictObject({ languages: z.array(z.string()) });
const answerSchema = z.strictObject({
  stdout: z.string(),
  stderr: z.string(),
  /** Empty where the program was successful. */
  error: z.string(),
});
const refusalSchema = z.strictObject({ error: z.string() });

/** They need a scope of their own: a body is read whatever its content type says. */
export function addCodecanvasRoutes(app: FastifyInstance, context: ServerContext): void {
  void app.register(async (scope) => {
    scope.setErrorHandler(refuseAsCodecanvas);
    // Before Fastify refuses what is no content type.
    scope.addHook("preParsing", async ({ raw }) => {
      delete raw.headers["content-type"];
    });
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", readBody);
    addLanguagesRoute(scope, context);
    addRunRoute(scope, context);
  });
}

function addLanguagesRoute(app: FastifyInstance, { service, runs }: ServerContext): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "GET",
    url: "/api/v1/languages",
    schema: { response: { 200: languagesSchema } },
    handler: async (_request, reply) => {
      const runtimes = await runs.during(reply, async (signal) => service.runtimes(signal));
      if (runtimes === undefined) return reply.hijack();
      return { languages: installedNames(namesThere, service.languages, runtimes) };
    },
  });
}

function addRunRoute(app: FastifyInstance, context: ServerContext): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "POST",
    url: "/api/v1/run",
    schema: { response: { 200: answerSchema, 400: refusalSchema } },
    handler: async (request, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const wanted = parseRunRequest(body);
      if (wanted === undefined) {
        return reply.code(400).send({ error: "failed to parse request body" });
      }
      const { source, language } = wanted;
      if (source === "" || language === "") {
        return reply.code(400).send({ error: '"language" and "source" fields are required' });
      }
      request.body = wanted;
      const executeBody = { ...languageNamed(language), code: source, artifacts: [] };
      const ran = await runNow(context, request, reply, executeBody);
      return ran === undefined ? reply.hijack() : answerOf(endOf(ran));
    },
  });
}

function answerOf(end: ProgramEnd): z.output<typeof answerSchema> {
  const { stdout, outcome } = end;
  return { stdout, stderr: end.stderr + stderrNote(outcome), error: errorText(end) };
}

/** Its helper program writes what killed the user's; what has no words there is told in ours. */
function stderrNote(outcome: Outcome): string {
  switch (outcome.kind) {
    case "signaled":
      return signalText(constants.signals[outcome.signal]);
    case "limit":
      if (outcome.limit === "wallTime") return "";
      return outcome.limit === "cpuTime"
        ? signalText(constants.signals.SIGKILL)
        : limitNote(outcome);
    case "exited":
    case "canceled":
      return "";
  }
}

const KILLED_EXIT_CODE = 128 + constants.signals.SIGKILL;

function errorText({ outcome, exitCode }: ProgramEnd): string {
  if (outcome.kind === "limit") {
    // At the wall time the helper itself is killed, at the CPU time only the user's program.
    if (outcome.limit === "wallTime") return signalText(constants.signals.SIGKILL);
    if (outcome.limit === "cpuTime") return `exit status ${KILLED_EXIT_CODE}`;
  }
  return exitCode === 0 ? "" : `exit status ${exitCode}`;
}
