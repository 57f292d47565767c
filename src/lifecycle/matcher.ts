/**
 * @module
 * Which steps a hook is before or after.
 */
import { invalidRequest } from "../core/errors.ts";
import type { StepMatcher, StepName } from "./step.ts";

const fields = ["provider", "resource", "step"] as const;

/**
 * @param text Three regular expressions, as coderun takes them: `docker/.*` + `/run`. Each matches a name
 * that it is found in, in any case of letters.
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function parseMatcher(text: string): StepMatcher {
  const parts = text.split("/");
  if (parts.length !== fields.length) {
    throw invalidRequest(
      "matcher",
      `\`${text}\` has ${parts.length} parts. Write PROVIDER/RESOURCE/STEP, three regular expressions: \`docker/.*/run\`.`,
    );
  }
  return Object.fromEntries(
    fields.map((field, index) => [field, expressionOf(parts[index] ?? "")]),
  );
}

function expressionOf(source: string): RegExp {
  try {
    return new RegExp(source, "i");
  } catch (error) {
    const { message } = error as Error;
    throw invalidRequest("matcher", `\`${source}\` is no regular expression: ${message}.`);
  }
}

export function isMatch(matcher: StepMatcher, name: StepName): boolean {
  return fields.every((field) => {
    const wanted = matcher[field];
    if (wanted === undefined) return true;
    // A global expression would remember where it stopped.
    return typeof wanted === "string" ? wanted === name[field] : name[field].search(wanted) >= 0;
  });
}
