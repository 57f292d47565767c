/**
 * @module
 * GET and POST /run, GET /languages and GET /images of QuickTry.
 */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { parseWith } from "../../../util/zod-issues.ts";
import { parseJson, readBody } from "../../json-body.ts";
import { runNow } from "../../run-now.ts";
import type { ServerContext } from "../../server-options.ts";
import { invalidBody } from "../../to-request.ts";
import { installedNames, languageNamed } from "./language-names.ts";
import { endOf, isTimeout, limitNote } from "./program-end.ts";
import { refuseAsQuicktry } from "./quicktry-refusals.ts";
import { withinMax } from "./wanted-limits.ts";

/** The server's own limit there, for everything. */
const TIMEOUT_MS = 30_000;
/** Those of its `languages.yml`, in that order. */
const namesThere = ["python2", "python3", "nodejs", "go"] as const;

const inputSchema = z.object({
  lang: z.string(),
  code: z.string(),
  /** There it is ignored; its documents call it the expected input. What is no text still is. */
  params: z.unknown().optional(),
});

const answerSchema = z.strictObject({ output: z.string(), status: z.int() });
const listSchema = z.array(z.string());

/** They need a scope of their own: here any content type is taken, though only JSON is looked at. */
export function addQuicktryRoutes(app: FastifyInstance, context: ServerContext): void {
  void app.register(async (scope) => {
    scope.setErrorHandler(refuseAsQuicktry);
    scope.addContentTypeParser("*", readInput);
    addRunRoute(scope, context);
    addListRoute(scope, context, "/languages", (name) => name);
    addListRoute(scope, context, "/images", (name) => `quicktry-${name}:latest`);
  });
}

function addRunRoute(app: FastifyInstance, context: ServerContext): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: ["GET", "POST"],
    url: "/run",
    exposeHeadRoute: false,
    schema: { response: { 200: answerSchema } },
    handler: async (request, reply) => {
      // Fastify reads no body of a GET.
      if (request.method === "GET") request.body = await readInput(request, request.raw);
      const input = request.body ?? undefined;
      if (input === undefined) return { output: "no input", status: -1 };
      return run(context, request, reply, input);
    },
  });
}

async function run(
  context: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
  input: unknown,
): Promise<z.output<typeof answerSchema> | FastifyReply> {
  const parsed = parseWith(inputSchema, input, "body");
  if (!parsed.ok) throw invalidBody(parsed.issues);
  const { lang, code, params } = parsed.value;
  const wanted = { wallTimeMs: TIMEOUT_MS, cpuTimeMs: TIMEOUT_MS };
  const limits = withinMax(wanted, request.caller, context.config);
  const ran = await runNow(context, request, reply, {
    ...languageNamed(lang.toLowerCase()),
    code,
    ...(typeof params === "string" ? { stdin: params } : {}),
    limits,
    artifacts: [],
  });
  if (ran === undefined) return reply.hijack();
  const { phase, outcome, exitCode, output } = endOf(ran);
  if (isTimeout(outcome)) {
    const { wallTimeMs } = context.config.compile;
    const seconds = (phase === "compile" ? wallTimeMs : (limits.wall_time_ms ?? TIMEOUT_MS)) / 1000;
    return { output: `execution timed out after ${seconds}s`, status: -1 };
  }
  return { output: output + limitNote(outcome), status: exitCode };
}

function addListRoute(
  app: FastifyInstance,
  { service, runs }: ServerContext,
  url: string,
  show: (name: string) => string,
): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "GET",
    url,
    schema: { response: { 200: listSchema } },
    handler: async (_request, reply) => {
      const runtimes = await runs.during(reply, async (signal) => service.runtimes(signal));
      if (runtimes === undefined) return reply.hijack();
      return installedNames(namesThere, service.languages, runtimes).map(show);
    },
  });
}

/** What is not called JSON is no input there, whatever it is. */
async function readInput(request: FastifyRequest, payload: IncomingMessage): Promise<unknown> {
  const {
    "content-type": type = "",
    "content-length": length,
    "transfer-encoding": coding,
  } = request.headers;
  if (length === undefined && coding === undefined) return undefined;
  const body = await readBody(request, payload);
  return /^application\/([^\s;]+\+)?json *(;|$)/i.test(type) ? parseJson(body) : undefined;
}
