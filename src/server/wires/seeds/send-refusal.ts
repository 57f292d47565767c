/**
 * @module
 * Failures as the seeds answer them: each has a shape and texts of its own, and the rest is the same.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { errorCatalog, type ErrorCode, type GloveboxError } from "../../../core/errors.ts";
import { knownError, retryAfterS } from "../../errors.ts";

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
    const known = knownError(error, request);
    if (isOurFault(known.code)) request.log.error({ err: error }, known.message);
    const { status, body } = translate(known, request);
    // Fastify closes the connection of a body that it did not read; the client still sends it.
    if (!request.raw.complete && known.code !== "SHUTTING_DOWN")
      void reply.removeHeader("connection");
    if (errorCatalog[known.code].retryable) void reply.header("retry-after", retryAfterS(known));
    if (known.code === "UNAUTHENTICATED") void reply.header("www-authenticate", "Bearer");
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

const isOurFault = (code: ErrorCode): boolean =>
  errorCatalog[code].status >= 500 && code !== "SHUTTING_DOWN";
