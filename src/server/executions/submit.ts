/**
 * @module
 * POST /v1/executions and /v1/executions/batch: accepts programs, and answers at once; or tells what
 * happens from then on.
 */
import { createHash } from "node:crypto";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ServerConfig } from "../../config/server-config.ts";
import { invalidRequest, isGloveboxError, type Issue } from "../../core/errors.ts";
import type { Idempotency, Submission, Submitted } from "../../service/executions/submission.ts";
import { parseWith } from "../../util/zod-issues.ts";
import { wantsEvents } from "../event-stream.ts";
import { errorAnswer } from "../errors.ts";
import { admitFor, submitFor } from "../run-now.ts";
import type { ServerContext } from "../server-options.ts";
import { invalidBody } from "../to-request.ts";
import { sendExecution } from "./events.ts";
import { start } from "./place.ts";
import { refuseFloods } from "../validate.ts";
import {
  batchAnswerSchema,
  batchBodySchema,
  executionSchema,
  submitBodySchema,
  type SubmitBody,
} from "./schemas.ts";
import { executionToJson, v1Kind, type ExecutionJson } from "./to-json.ts";

export function addSubmitRoutes(app: FastifyInstance, context: ServerContext): void {
  const { config, executions } = context;
  executions.register(v1Kind);
  const bodySchema = submitBodySchema(config);
  const routes = app.withTypeProvider<ZodTypeProvider>();
  routes.route({
    method: "POST",
    url: "/v1/executions",
    schema: { body: bodySchema, response: { 202: executionSchema } },
    preValidation: async (request) => {
      refuseFloods(request.body, config.server.maxFiles);
    },
    handler: async (request, reply) => {
      const idempotency = idempotencyOf(request, request.body);
      // Before it can be refused for want of anything: it was accepted.
      const replayed = idempotency && executions.findReplayed(request.caller.id, idempotency);
      if (replayed !== undefined)
        return accepted(context, request, reply, { info: replayed, isReplayed: true });
      const submission = toSubmission(context, request, request.body);
      const given = idempotency === undefined ? submission : { ...submission, idempotency };
      const [submitted] = await submitFor(context, request, [given]);
      if (submitted === undefined) throw new Error("one execution was submitted");
      return accepted(context, request, reply, submitted);
    },
  });
  routes.route({
    method: "POST",
    url: "/v1/executions/batch",
    schema: { body: batchBodySchema(config), response: { 202: batchAnswerSchema } },
    handler: async (request, reply) => {
      const wanted = request.body.executions.map((body) => {
        try {
          return toSubmission(context, request, parseBody(bodySchema, body, config));
        } catch (error) {
          if (isGloveboxError(error)) return error;
          throw error;
        }
      });
      const good = wanted.filter((each): each is Submission => !isGloveboxError(each));
      const submitted: Submitted[] = [...(await submitFor(context, request, good))];
      const answers = wanted.map((each) => {
        if (isGloveboxError(each)) return errorAnswer(each) as never;
        const next = submitted.shift();
        if (next === undefined) throw new Error("as many come back as were submitted");
        return executionToJson(next.info);
      });
      return reply.code(202).send({ executions: answers });
    },
  });
}

function accepted(
  context: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { info, isReplayed }: Submitted,
): ExecutionJson | FastifyReply {
  if (isReplayed) void reply.header("idempotent-replayed", "true");
  void reply.header("location", `/v1/executions/${info.id}`);
  try {
    if (wantsEvents(request)) return sendExecution(context, reply, info, start);
  } catch (error) {
    // It was accepted: who finds no room to be told of it now asks for its events later.
    if (!isGloveboxError(error) || error.code !== "CAPACITY_EXHAUSTED") throw error;
  }
  void reply.code(202);
  return executionToJson(info);
}

function parseBody(
  schema: ReturnType<typeof submitBodySchema>,
  body: unknown,
  config: ServerConfig,
): SubmitBody {
  refuseFloods(body, config.server.maxFiles);
  const result = parseWith(schema, body, "execution");
  if (result.ok) return result.value;
  throw invalidBody(result.issues);
}

function toSubmission(
  context: ServerContext,
  request: FastifyRequest,
  body: SubmitBody,
): Submission {
  const { callback_url: callbackUrl, priority, interactive = false, tty, ...rest } = body;
  const issues = interactiveIssues(body);
  if (issues.length > 0) throw invalidBody(issues);
  const { request: execution, language } = admitFor(context, request, rest);
  return {
    caller: request.caller,
    kind: "v1",
    request: tty === undefined ? execution : { ...execution, tty },
    language: language.id,
    isInteractive: interactive,
    ...(priority === undefined ? {} : { priority }),
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
  };
}

function interactiveIssues({ interactive = false, stdin, tty }: SubmitBody): readonly Issue[] {
  if (interactive) {
    if (stdin === undefined) return [];
    const message = "has no meaning with `interactive`: send it over …/attach";
    return [{ path: "stdin", message }];
  }
  if (tty === undefined) return [];
  return [{ path: "tty", message: "has no meaning without `interactive: true`" }];
}

const MAX_KEY_CHARS = 255;

function idempotencyOf({ headers }: FastifyRequest, body: unknown): Idempotency | undefined {
  const key = headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key !== "string" || !/^[!-~]+$/.test(key) || key.length > MAX_KEY_CHARS) {
    const form = `1 to ${MAX_KEY_CHARS} printable ASCII characters without blanks`;
    throw invalidRequest("idempotency-key", `must be ${form}`);
  }
  const requestHash = createHash("sha256").update(JSON.stringify(body)).digest("base64url");
  return { key, requestHash };
}
