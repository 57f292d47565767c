/**
 * @module
 * Failures in Judge0's shapes: no body for keys, `{"error": text}` for the rest.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { errorCatalog, type GloveboxError } from "../../../core/errors.ts";
import { prepareRefusal } from "../../errors.ts";

/** The field of a `NOT_ALLOWED` that is about the key itself. */
const KEY_FIELD = "authorization";

export function sendJudge0Error(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const known = prepareRefusal(error, request, reply);
  const { status } = errorCatalog[known.code];
  if (known.code === "UNAUTHENTICATED" || isAboutKey(known)) {
    void reply.code(status).serializer(noText).send("");
    return;
  }
  if (known.code === "EXECUTION_NOT_FOUND") {
    send(reply, 404, notFound);
    return;
  }
  const isFull = known.code === "CAPACITY_EXHAUSTED";
  send(reply, isFull ? 503 : status, { error: isFull ? "queue is full" : known.message });
}

/** What Rails answers for what is not there. */
export const notFound = { status: 404, error: "Not Found" };

export function refuse(reply: FastifyReply, text: string): FastifyReply {
  return send(reply, 400, { error: text });
}

function send(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply.code(status).type("application/json").serializer(JSON.stringify).send(body);
}

const noText = (): string => "";

function isAboutKey({ code, details }: GloveboxError): boolean {
  return code === "NOT_ALLOWED" && (details as { field: string }).field === KEY_FIELD;
}
