/**
 * @module
 * Failures as codecanvas answers them: one text, which its pages show.
 */
import { errorCatalog } from "../../../core/errors.ts";
import { showText } from "../../../util/show-value.ts";
import type { RunRequest } from "./codecanvas-body.ts";
import { isOutsideSeeds, isUnsupportedLanguage, refuseWith } from "./send-refusal.ts";

export const refuseAsCodecanvas = refuseWith(({ code, message }, { body }) => {
  if (isUnsupportedLanguage(code)) {
    const { language } = body as RunRequest;
    const error = `invalid language: [${showText(language)}] not currently supported`;
    return { status: 400, body: { error } };
  }
  if (code === "CAPACITY_EXHAUSTED" || code === "QUEUE_TIMEOUT") {
    return { status: 400, body: { error: "failed to run output: no runner available" } };
  }
  if (code === "INVALID_REQUEST") {
    return { status: 400, body: { error: "failed to run output: invalid input" } };
  }
  const error = isOutsideSeeds(code) ? message : `failed to run output: ${message}`;
  return { status: errorCatalog[code].status, body: { error } };
});
