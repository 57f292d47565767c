/**
 * @module
 * The submissions that are kept, as far as a caller may see them.
 */
import type { FastifyRequest } from "fastify";
import { GloveboxError } from "../../../core/errors.ts";
import type { ExecutionInfo } from "../../../service/executions/execution-info.ts";
import type { ServerContext } from "../../server-options.ts";
import { judge0KindName } from "./kind.ts";
import { languageName } from "./languages.ts";
import type { KeptSubmission } from "./answer.ts";

/** @throws {GloveboxError} `EXECUTION_NOT_FOUND` */
export function findSubmission(
  context: ServerContext,
  request: FastifyRequest,
  token: string,
): KeptSubmission {
  const [found] = findSubmissions(context, request, [token]);
  if (found !== undefined) return found;
  const executionId = token.slice(0, 80);
  throw new GloveboxError("EXECUTION_NOT_FOUND", "no submission has this token", { executionId });
}

/** In the order of the tokens. */
export function findSubmissions(
  context: ServerContext,
  { caller }: FastifyRequest,
  tokens: readonly string[],
): readonly (KeptSubmission | undefined)[] {
  // An administrator sees those of all.
  const callerId = caller.scopes.includes("admin") ? undefined : caller.id;
  return context.executions
    .findMany(tokens, callerId)
    .map((info) => (info?.kind === judge0KindName ? keptSubmission(context, info) : undefined));
}

export function keptSubmission(
  { executions, service }: ServerContext,
  info: ExecutionInfo,
): KeptSubmission {
  return {
    info,
    result: () => executions.result(info.id),
    request: () => executions.request(info.id),
    languageName: (id) => languageName(service.languages, id),
  };
}
