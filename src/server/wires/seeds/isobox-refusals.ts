/**
 * @module
 * Failures as isobox answers them: of its README's POST /execute, and of its later API.
 */
import type { FastifyRequest } from "fastify";
import { errorCatalog, type ErrorDetails, type GloveboxError } from "../../../core/errors.ts";
import { showText } from "../../../util/show-value.ts";
import { isOutsideSeeds, isUnsupportedLanguage, refuseWith, type Refusal } from "./send-refusal.ts";

/** There every failure is a 400 with a text. */
export const refuseAsReadme = refuseWith((known, request) => {
  const { code, message } = known;
  if (code === "UNAUTHENTICATED") return unauthenticated(known);
  const error = bodyFault(known) ?? languageFault(known, request) ?? message;
  return { status: isOutsideSeeds(code) ? errorCatalog[code].status : 400, body: { error } };
});

/** There a failure of the execution is a 500, an unknown language among them. */
export const refuseAsV1 = refuseWith((known, request) => {
  const { code } = known;
  if (code === "UNAUTHENTICATED") return unauthenticated(known);
  const fault = bodyFault(known);
  if (fault !== undefined) {
    return { status: 400, body: { error: fault, message: known.message } };
  }
  const message = languageFault(known, request) ?? known.message;
  const status = isOutsideSeeds(code) ? errorCatalog[code].status : 500;
  return { status, body: { error: "Execution failed", message } };
});

function unauthenticated({ details }: GloveboxError): Refusal {
  const { reason } = details as ErrorDetails["UNAUTHENTICATED"];
  const body =
    reason === "missing"
      ? { error: "API Key not provided", message: "Please provide an X-API-Key header" }
      : { error: "Invalid API Key", message: "The provided API key is not valid" };
  return { status: 401, body };
}

/** The words of the framework there, as far as they don't tell lines and columns. */
function bodyFault({ code, message, details }: GloveboxError): string | undefined {
  if (code === "UNSUPPORTED_MEDIA_TYPE") return "Content type error";
  if (code !== "INVALID_REQUEST") return undefined;
  const [issue] = (details as ErrorDetails["INVALID_REQUEST"]).issues;
  if (issue?.message.startsWith("is required") !== true)
    return `Json deserialize error: ${message}`;
  const field = issue.path.replace(/^.*\./, "");
  return `Json deserialize error: missing field \`${field}\``;
}

function languageFault({ code }: GloveboxError, { body }: FastifyRequest): string | undefined {
  if (!isUnsupportedLanguage(code)) return undefined;
  const { language } = body as { readonly language: string };
  return `Unsupported language: ${showText(language)}`;
}
