/**
 * @module
 * Failures as HTTP answers: `{"error": {"code", "message", "details"}}` with the catalogue's status.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { errorCatalog, GloveboxError, invalidRequest, isGloveboxError } from "../core/errors.ts";
import { showText } from "../util/show-value.ts";
import { unsupportedMediaType } from "./json-body.ts";

export interface ErrorAnswer {
  readonly error: { readonly code: string; readonly message: string; readonly details: unknown };
}

export function errorAnswer({ code, message, details }: GloveboxError): ErrorAnswer {
  return { error: { code, message, details } };
}

/** Answers with the failure. */
export async function sendError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const known = prepareRefusal(error, request, reply);
  void reply.code(errorCatalog[known.code].status);
  if (known.code === "METHOD_NOT_ALLOWED") {
    const { allowed } = known.details as GloveboxError<"METHOD_NOT_ALLOWED">["details"];
    void reply.header("allow", allowed.join(", "));
  }
  return reply.type("application/json").serializer(JSON.stringify).send(errorAnswer(known));
}

/**
 * What all shapes of a refusal have in common: logs what the operator should see, and sets headers. The
 * status and the body are the caller's.
 */
export function prepareRefusal(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): GloveboxError {
  const known = knownError(error, request);
  const { status, retryable } = errorCatalog[known.code];
  // That the server stops is the operator's own doing, and no fault.
  const isStopping = known.code === "SHUTTING_DOWN";
  if (status >= 500 && !isStopping) request.log.error({ err: error }, known.message);
  // Fastify closes the connection of a body that it did not read to its end. A client that still
  // sends would get a reset in place of the answer; `requestTimeout` bounds what it can send.
  if (!request.raw.complete && !isStopping) void reply.removeHeader("connection");
  if (retryable) void reply.header("retry-after", `${retryAfterS(known)}`);
  if (known.code === "UNAUTHENTICATED") void reply.header("www-authenticate", "Bearer");
  return known;
}

/** Seconds after which a caller may try again, where trying again can help. */
function retryAfterS({ details }: GloveboxError): number {
  const { retryAfterMs = 1000 } = details as { readonly retryAfterMs?: number };
  return Math.max(1, Math.ceil(retryAfterMs / 1000));
}

/** Any failure as one of the catalogue. What nobody expected tells the caller an id and no more. */
export function knownError(error: unknown, request: FastifyRequest): GloveboxError {
  const known = isGloveboxError(error)
    ? error
    : (fromFastify(error as Partial<FastifyError>, request) ?? internalError(request.id));
  request.refusal = known.code;
  return known;
}

function internalError(id: string): GloveboxError<"INTERNAL"> {
  const message = `a fault in Glovebox, not in your request. The server's log has more under ${id}.`;
  return new GloveboxError("INTERNAL", message, { id });
}

/** Undefined for what is no fault of the request. */
function fromFastify(
  { code, statusCode = 500, message = "" }: Partial<FastifyError>,
  request: FastifyRequest,
): GloveboxError | undefined {
  switch (code) {
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return unsupportedMediaType(request.headers["content-type"] ?? "");
    default:
      if (statusCode >= 400 && statusCode < 500)
        return invalidRequest("request", showText(message));
      return undefined;
  }
}
