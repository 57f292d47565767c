/**
 * @module
 * The API that isobox has had since its README: POST /api/v1/execute, also with test cases that come
 * with the request, as files or from elsewhere.
 */
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { z } from "zod";
import { invalidRequest } from "../../../core/errors.ts";
import { runNow } from "../../run-now.ts";
import type { ServerContext } from "../../server-options.ts";
import { plainAnswer } from "./isobox-answers.ts";
import { isoboxBody, type IsoboxProgram } from "./isobox-body.ts";
import { runTestCases } from "./isobox-cases.ts";
import { createDownload, DownloadFault } from "./isobox-download.ts";
import { refuseAsV1 } from "./isobox-refusals.ts";
import {
  answerSchema,
  downloadFailedSchema,
  executeSchema,
  testCasesSchema,
  testFilesSchema,
  testUrlsSchema,
  type TestCase,
} from "./isobox-schemas.ts";
import { endOf } from "./program-end.ts";

interface Route<Body extends IsoboxProgram> {
  readonly url: string;
  /** Whose elements are the test cases. */
  readonly field: string;
  readonly schema: z.ZodType<Body>;
  /** Null: the program is run once. */
  readonly casesOf: (body: Body) => readonly TestCase[] | null;
}

export function addIsoboxV1Routes(app: FastifyInstance, context: ServerContext): void {
  addRoute(app, context, {
    url: "/api/v1/execute",
    field: "test_cases",
    schema: executeSchema,
    casesOf: (body) => body.test_cases ?? null,
  });
  addRoute(app, context, {
    url: "/api/v1/execute/test-cases",
    field: "test_cases",
    schema: testCasesSchema,
    casesOf: (body) => body.test_cases,
  });
  addRoute(app, context, {
    url: "/api/v1/execute/test-files",
    field: "test_files",
    schema: testFilesSchema,
    casesOf: (body) => body.test_files.map(({ name, content }) => ({ name, input: content })),
  });
  addTestUrlsRoute(app, context);
}

function addRoute<Body extends IsoboxProgram>(
  app: FastifyInstance,
  context: ServerContext,
  { url, field, schema, casesOf }: Route<Body>,
): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "POST",
    url,
    schema: { body: schema, response: { 200: answerSchema } },
    errorHandler: refuseAsV1,
    preValidation: async (request) => {
      refuseManyCases(request.body, field, context);
    },
    handler: async (request, reply) => {
      const body = request.body as Body;
      const cases = casesOf(body);
      if (cases !== null) {
        const wanted = { program: body, cases };
        return (await runTestCases(context, request, reply, wanted)) ?? reply.hijack();
      }
      const executeBody = isoboxBody(body, request.caller, context.config);
      const ran = await runNow(context, request, reply, executeBody);
      return ran === undefined ? reply.hijack() : plainAnswer(endOf(ran));
    },
  });
}

function addTestUrlsRoute(app: FastifyInstance, context: ServerContext): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: "POST",
    url: "/api/v1/execute/test-urls",
    schema: { body: testUrlsSchema, response: { 200: answerSchema, 400: downloadFailedSchema } },
    errorHandler: refuseAsV1,
    preValidation: async (request) => {
      refuseManyCases(request.body, "test_urls", context);
    },
    handler: async (request, reply) => {
      const { body: program } = request;
      const cases = program.test_urls.map(({ name, url }) => ({ name, input: url }));
      const load = createDownload(context, request);
      const wanted = { program, cases, load };
      const answer = await runTestCases(context, request, reply, wanted).catch((error: unknown) => {
        if (error instanceof DownloadFault) return error;
        throw error;
      });
      if (answer === undefined) return reply.hijack();
      if (!(answer instanceof DownloadFault)) return answer;
      const error = "Failed to download test case" as const;
      return reply.code(400).send({ error, message: answer.message });
    },
  });
}

/**
 * Before the schema looks at each of them. As many as one request may submit for later.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
function refuseManyCases(body: unknown, field: string, { config }: ServerContext): void {
  const { [field]: cases } = (body ?? {}) as Partial<Record<string, unknown>>;
  const { maxBatch } = config.executions;
  if (!Array.isArray(cases) || cases.length <= maxBatch) return;
  throw invalidRequest(field, `has ${cases.length} elements, more than ${maxBatch}`);
}
