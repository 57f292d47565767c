/**
 * @module
 * Reads JSON bodies. Their size is bounded before; in here they become a value, or a clear refusal.
 */
import { TextDecoder } from "node:util";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { GloveboxError, invalidRequest } from "../core/errors.ts";
import { showText } from "../util/show-value.ts";
import { findJsonFault } from "./json-bounds.ts";

const EXPECTED = "application/json";

/** Takes JSON and nothing else: no form, no plain text, which a foreign web page could send unasked. */
export function acceptOnlyJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    EXPECTED,
    { parseAs: "buffer" },
    // The return type of `async` keeps a thrown error on Fastify's path to the error handler.
    async (request: FastifyRequest, body: Buffer) => parseJsonBody(request, body),
  );
}

function parseJsonBody(request: FastifyRequest, body: Buffer): unknown {
  const coding = request.headers["content-encoding"];
  if (coding !== undefined && coding !== "identity") {
    throw unsupportedMediaType(`${EXPECTED}, content-encoding ${coding}`);
  }
  if (body.byteLength === 0) throw invalidRequest("body", "is empty; send a JSON object");
  const fault = findJsonFault(body);
  if (fault !== undefined) throw invalidRequest("body", fault);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as unknown;
  } catch (error) {
    const reason = error instanceof SyntaxError ? showText(error.message) : "it is not UTF-8";
    throw invalidRequest("body", `is not JSON: ${reason}`);
  }
}

export function unsupportedMediaType(contentType: string): GloveboxError<"UNSUPPORTED_MEDIA_TYPE"> {
  return new GloveboxError(
    "UNSUPPORTED_MEDIA_TYPE",
    `content-type: must be ${EXPECTED}, without compression, not ${showText(contentType) || "empty"}`,
    { contentType: showText(contentType), expected: EXPECTED },
  );
}
