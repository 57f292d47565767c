/**
 * @module
 * Failures as the seeds answer them: each has a shape and texts of its own, and the rest is the same.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { errorCatalog, type ErrorCode, type GloveboxError } from "../../../core/errors.ts";
import { prepareRefusal } from "../../errors.ts";

export interface Refusal {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

type ErrorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/** An error handler for routes that answers with what `translate` makes of a failure. */
export function refuseWith(
  translate: (known: GloveboxError, request: FastifyRequest) => Refusal,
): ErrorHandler {
  return (error, request, reply) => {
    const { status, body } = translate(prepareRefusal(error, request, reply), request);
    void reply.code(status).type("application/json").serializer(JSON.stringify).send(body);
  };
}

/** What the seeds never had to say, so that it has no status of theirs: come later, or not like this. */
export function isOutsideSeeds(code: ErrorCode): boolean {
  switch (errorCatalog[code].status) {
    case 401:
    case 403:
    case 413:
    case 429:
    case 503:
      return true;
    default:
      return false;
  }
}

/** That a language is not installed is the same to clients of servers that can't have all of them. */
export const isUnsupportedLanguage = (code: ErrorCode): boolean =>
  code === "UNKNOWN_LANGUAGE" || code === "LANGUAGE_NOT_INSTALLED";
