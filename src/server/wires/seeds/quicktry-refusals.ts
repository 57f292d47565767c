/**
 * @module
 * Failures as QuickTry answers them: as an output with the status -1. Those that it had no words for
 * also have an HTTP status, so that its extension says that something went wrong.
 */
import { errorCatalog } from "../../../core/errors.ts";
import { showText } from "../../../util/show-value.ts";
import { isUnsupportedLanguage, refuseWith, type Refusal } from "./send-refusal.ts";

const noInput: Refusal = { status: 200, body: { output: "no input", status: -1 } };

export const refuseAsQuicktry = refuseWith(({ code, message }, { body, headers }) => {
  // What Fastify takes for no content type at all; see `readInput` for the others.
  if (code === "UNSUPPORTED_MEDIA_TYPE" && headers["content-encoding"] === undefined)
    return noInput;
  if (!isUnsupportedLanguage(code)) {
    return { status: errorCatalog[code].status, body: { output: message, status: -1 } };
  }
  const { lang } = body as { readonly lang: string };
  const output = `${showText(lang.toLowerCase())} is not a supported language`;
  return { status: 200, body: { output, status: -1 } };
});
