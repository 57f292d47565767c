/**
 * @module
 * POST, GET and DELETE of single submissions, and their list.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { hasEnded } from "../../../service/executions/execution-info.ts";
import { submitFor } from "../../run-now.ts";
import type { ServerContext } from "../../server-options.ts";
import { answerAll, answerOf, notUtf8 } from "./answer.ts";
import { readFields, type AnswerField } from "./answer-fields.ts";
import { findSubmission, keptSubmission } from "./kept-submissions.ts";
import { judge0KindName } from "./kind.ts";
import { queryIsTrue, queryNumber, queryText } from "./query.ts";
import { refuse } from "./refusals.ts";
import { forAdmins, forAll } from "./route-access.ts";
import { toSubmission, unpackRoom } from "./to-submission.ts";
import { verdictOf } from "./verdict.ts";
import { statusOf } from "./statuses.ts";

/** Then it is answered as it is: the client can ask for it. */
const MAX_WAIT_MS = 600_000;
const USUAL_PER_PAGE = 20;
/** Each can have megabytes. */
const MAX_PER_PAGE = 100;

export function addSubmissionRoutes(app: FastifyInstance, context: ServerContext): void {
  addCreateRoute(app, context);
  addShowRoute(app, context);
  addListRoute(app, context);
  addDeleteRoute(app, context);
}

/** Undefined: it was answered. */
export function wantedFields(
  request: FastifyRequest,
  reply: FastifyReply,
): readonly AnswerField[] | undefined {
  const wanted = readFields(queryText(request, "fields"));
  if (wanted.ok) return wanted.fields;
  refuse(reply, `invalid fields: [${wanted.invalid.join(", ")}]`);
  return undefined;
}

function addCreateRoute(app: FastifyInstance, context: ServerContext): void {
  const { executions, runs } = context;
  app.route({
    method: "POST",
    url: "/submissions",
    config: forAll,
    handler: async (request, reply) => {
      const fields = wantedFields(request, reply);
      if (fields === undefined) return reply;
      const isBase64 = queryIsTrue(request, "base64_encoded");
      const room = unpackRoom(context.config);
      const wanted = await toSubmission(context, request, request.body, isBase64, room);
      if (!wanted.ok) return reply.code(422).send(wanted.errors);
      const [submitted] = await submitFor(context, request, [wanted.submission]);
      if (submitted === undefined) throw new Error("one submission was submitted");
      const { id: token } = submitted.info;
      void reply.code(201);
      if (!queryIsTrue(request, "wait")) return { token };
      const info = await runs.during(reply, async (signal) =>
        executions.wait(token, MAX_WAIT_MS, signal),
      );
      // It runs on for who asks later.
      if (info === undefined) return reply.hijack();
      const answer = answerOf(keptSubmission(context, info), fields, isBase64);
      return answer ?? { error: notUtf8, token };
    },
  });
}

function addShowRoute(app: FastifyInstance, context: ServerContext): void {
  app.route<{ Params: { token: string } }>({
    method: "GET",
    url: "/submissions/:token",
    config: forAll,
    handler: async (request, reply) => {
      const fields = wantedFields(request, reply);
      if (fields === undefined) return reply;
      const submission = findSubmission(context, request, request.params.token);
      const answer = answerOf(submission, fields, queryIsTrue(request, "base64_encoded"));
      return answer ?? refuse(reply, notUtf8);
    },
  });
}

function addListRoute(app: FastifyInstance, context: ServerContext): void {
  const { executions } = context;
  app.route({
    method: "GET",
    url: "/submissions",
    config: forAdmins,
    handler: async (request, reply) => {
      const fields = wantedFields(request, reply);
      if (fields === undefined) return reply;
      const page = queryNumber(request, "page", 1);
      if (page <= 0) return refuse(reply, `invalid page: ${page}`);
      const wanted = queryNumber(request, "per_page", USUAL_PER_PAGE);
      if (wanted < 0) return refuse(reply, `invalid per_page: ${wanted}`);
      const perPage = Math.min(wanted, MAX_PER_PAGE);
      const ofKind = { kind: judge0KindName };
      const total = executions.count(ofKind);
      const pages = Math.max(1, perPage === 0 ? 1 : Math.ceil(total / perPage));
      const offset = (page - 1) * perPage;
      const found = page > pages ? [] : executions.page({ ...ofKind, offset, limit: perPage });
      const isBase64 = queryIsTrue(request, "base64_encoded");
      const kept = found.map((info) => keptSubmission(context, info));
      const answers = answerAll(kept, fields, isBase64);
      if (!answers.ok) return refuse(reply, answers.reason);
      return {
        submissions: answers.submissions,
        meta: {
          current_page: page,
          next_page: page < pages ? page + 1 : null,
          prev_page: page > 1 ? page - 1 : null,
          total_pages: pages,
          total_count: total,
        },
      };
    },
  });
}

function addDeleteRoute(app: FastifyInstance, context: ServerContext): void {
  app.route<{ Params: { token: string } }>({
    method: "DELETE",
    url: "/submissions/:token",
    config: forAdmins,
    handler: async (request, reply) => {
      const fields = wantedFields(request, reply);
      if (fields === undefined) return reply;
      const submission = findSubmission(context, request, request.params.token);
      const { info } = submission;
      if (!hasEnded(info.state)) {
        const { id, description } = statusOf(verdictOf(info, {}).statusId);
        const text = `submission cannot be deleted because its status is ${id} (${description})`;
        return refuse(reply, text);
      }
      // Base64 in any case: what is deleted can't be asked for again.
      const answer = answerOf(submission, fields, true);
      await context.executions.remove(info.id);
      return answer;
    },
  });
}
