/**
 * @module
 * Failures in Piston's shape, `{"message"}`, with Piston's words where it has some.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { errorCatalog, GloveboxError, type ErrorCode } from "../../../core/errors.ts";
import { prepareRefusal } from "../../errors.ts";

/** A body that is refused, in exactly these words. */
export function refusal(path: string, message: string): GloveboxError<"INVALID_REQUEST"> {
  return new GloveboxError("INVALID_REQUEST", message, { issues: [{ path, message }] });
}

export function notFound(method: string, path: string): GloveboxError<"NOT_FOUND"> {
  return new GloveboxError("NOT_FOUND", "Not Found", { method, path });
}

/** For a whole server that speaks nothing but Piston's, too. */
export function sendPistonError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const known = prepareRefusal(error, request, reply);
  return reply
    .code(statusOf(known.code))
    .type("application/json")
    .serializer(JSON.stringify)
    .send({ message: pistonText(known) });
}

/** There is no other method to a path in Piston, and too large a body is a bad one. */
function statusOf(code: ErrorCode): number {
  if (code === "METHOD_NOT_ALLOWED") return errorCatalog.NOT_FOUND.status;
  if (code === "BODY_TOO_LARGE") return errorCatalog.INVALID_REQUEST.status;
  return errorCatalog[code].status;
}

export function pistonText({ code, message }: GloveboxError): string {
  switch (code) {
    case "NOT_FOUND":
    case "METHOD_NOT_ALLOWED":
      return "Not Found";
    case "UNSUPPORTED_MEDIA_TYPE":
      return "requests must be of type application/json";
    case "INVALID_REQUEST":
      // What is checked behind this wire has our own names for its fields.
      return message.replace(/\bfiles\[(\d+)\]\.path\b/g, "files[$1].name");
    default:
      return message;
  }
}
