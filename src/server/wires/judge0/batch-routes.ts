/**
 * @module
 * POST and GET /submissions/batch: many submissions in one request.
 */
import type { FastifyInstance } from "fastify";
import { submitFor } from "../../run-now.ts";
import type { ServerContext } from "../../server-options.ts";
import { answerAll } from "./answer.ts";
import { findSubmissions } from "./kept-submissions.ts";
import { queryIsTrue, queryText } from "./query.ts";
import { refuse } from "./refusals.ts";
import { forAll } from "./route-access.ts";
import { asRecord } from "./submission-fields.ts";
import { wantedFields } from "./submission-routes.ts";
import { toSubmission, unpackRoom, type ToSubmission } from "./to-submission.ts";

export function addBatchRoutes(app: FastifyInstance, context: ServerContext): void {
  const { maxBatch } = context.config.executions;
  addCreateRoute(app, context, maxBatch);
  addShowRoute(app, context, maxBatch);
}

function sizeFault(count: number, maxBatch: number): string | undefined {
  if (count === 0) return "there should be at least one submission in a batch";
  if (count <= maxBatch) return undefined;
  return `number of submissions in a batch should be less than or equal to ${maxBatch}`;
}

function addCreateRoute(app: FastifyInstance, context: ServerContext, maxBatch: number): void {
  app.route({
    method: "POST",
    url: "/submissions/batch",
    config: forAll,
    handler: async (request, reply) => {
      const { submissions } = asRecord(request.body);
      const bodies: readonly unknown[] = Array.isArray(submissions) ? submissions : [];
      const fault = sizeFault(bodies.length, maxBatch);
      if (fault !== undefined) return refuse(reply, fault);
      const isBase64 = queryIsTrue(request, "base64_encoded");
      const room = unpackRoom(context.config);
      const wanted: ToSubmission[] = [];
      for (const body of bodies) {
        wanted.push(await toSubmission(context, request, body, isBase64, room));
      }
      const good = wanted.flatMap((each) => (each.ok ? [each.submission] : []));
      const submitted = (await submitFor(context, request, good)).values();
      const answers = wanted.map((each) => {
        return each.ok ? { token: submitted.next().value?.info.id } : each.errors;
      });
      return reply.code(good.length > 0 ? 201 : 422).send(answers);
    },
  });
}

function addShowRoute(app: FastifyInstance, context: ServerContext, maxBatch: number): void {
  app.route({
    method: "GET",
    url: "/submissions/batch",
    config: forAll,
    handler: async (request, reply) => {
      const { tokens: header } = request.headers;
      const text = typeof header === "string" ? header : (queryText(request, "tokens") ?? "");
      const tokens = text.trim() === "" ? [] : text.trim().split(",");
      const fault = sizeFault(tokens.length, maxBatch);
      if (fault !== undefined) return refuse(reply, fault);
      const fields = wantedFields(request, reply);
      if (fields === undefined) return reply;
      const isBase64 = queryIsTrue(request, "base64_encoded");
      const found = findSubmissions(context, request, tokens);
      const answers = answerAll(found, fields, isBase64);
      return answers.ok ? { submissions: answers.submissions } : refuse(reply, answers.reason);
    },
  });
}
