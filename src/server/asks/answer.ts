/**
 * @module
 * What an answer over HTTP means, and who may give it.
 */
import type { FastifyRequest } from "fastify";
import type { z } from "zod";
import { GloveboxError, invalidRequest } from "../../core/errors.ts";
import { isAllowedBy } from "../../permissions/match.ts";
import { formatPattern, parsePattern } from "../../permissions/parse-pattern.ts";
import type { Pattern } from "../../permissions/rule.ts";
import { subjectKey } from "../../permissions/subject.ts";
import { conflict } from "../../service/executions/refusals.ts";
import type { Ask } from "../../service/permissions/ask-board.ts";
import { showValue } from "../../util/show-value.ts";
import { visibleTo } from "../executions/manage.ts";
import type { ServerContext } from "../server-options.ts";
import type { AnswerBody, answeredSchema } from "./schemas.ts";

/**
 * The first answer counts, whatever a later one says.
 *
 * @throws {GloveboxError} `ASK_NOT_FOUND`, also for another caller's; `CONFLICT` where it is answered or
 * withdrawn; `NOT_ALLOWED`, `INVALID_REQUEST`.
 */
export function answerAsk(
  { asks, config, observers, home }: ServerContext,
  request: FastifyRequest,
  id: string,
  { answer, scope = "once", as }: AnswerBody,
): z.output<typeof answeredSchema> {
  const callerId = visibleTo(request);
  const ask = asks.find(id, callerId === undefined ? {} : { callerId });
  if (ask === "unknown") throw notFound(id);
  if (ask === "over") throw tooLate(id);
  if (scope === "always" && !config.permissions.always) throw alwaysRefused();
  const isAllowed = answer === "allow";
  const pattern = as === undefined ? undefined : patternOf(as, ask, { effect: answer, home });
  const given = { isAllowed, scope, ...(pattern === undefined ? {} : { pattern }) };
  if (asks.answer(ask, given) === "over") throw tooLate(id);
  const { executionId, question } = ask;
  observers.audit.questionAnswered({
    ...{ requestId: request.id, callerId: request.caller.id, ip: request.ip },
    ...{ askId: id, executionId, subject: subjectKey(question.subject), answer, scope },
    ...(pattern === undefined ? {} : { pattern: formatPattern(pattern, answer) }),
  });
  return { id, execution_id: executionId, answer, scope };
}

/** Without a look at any file: whoever answers may be far away. */
function patternOf(
  text: string,
  { question: { subject } }: Ask,
  { effect, home }: { readonly effect: "allow" | "deny"; readonly home: string },
): Pattern {
  const pattern = parsePattern({ kind: subject.kind, effect, text, origin: "as" }, { home });
  if (isAllowedBy(pattern, subject, home)) return pattern;
  throw invalidRequest("as", `${showValue(text)} does not cover what was asked for`);
}

function notFound(id: string): GloveboxError<"ASK_NOT_FOUND"> {
  const shown = id.slice(0, 80);
  return new GloveboxError(
    "ASK_NOT_FOUND",
    `no question ${JSON.stringify(shown)} is open here: there was none, it is another key's, or it is long over.`,
    { askId: shown },
  );
}

const tooLate = (id: string): GloveboxError<"CONFLICT"> =>
  conflict(`the question ${id} is over: it was answered, withdrawn, or nobody answered in time`);

function alwaysRefused(): GloveboxError<"NOT_ALLOWED"> {
  const remedy = "Its operator can allow it, with permissions.always in glovebox.yaml";
  const message = `scope: on this server no answer holds "always". ${remedy}.`;
  return new GloveboxError("NOT_ALLOWED", message, { field: "scope" });
}
