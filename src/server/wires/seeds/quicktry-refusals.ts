/**
 * @module
 * Failures as QuickTry answers them: as an output with the status -1. Those that it had no words for
 * also have an HTTP status, so that its extension says that something went wrong.
 */
import { errorCatalog } from "../../../core/errors.ts";
import { showText } from "../../../util/show-value.ts";
import { isUnsupportedLanguage, refuseWith } from "./send-refusal.ts";

export const refuseAsQuicktry = refuseWith(({ code, message }, { body }) => {
  if (!isUnsupportedLanguage(code)) {
    return { status: errorCatalog[code].status, body: { output: message, status: -1 } };
  }
  const { lang } = body as { readonly lang: string };
  const output = `${showText(lang.toLowerCase())} is not a supported language`;
  return { status: 200, body: { output, status: -1 } };
});
