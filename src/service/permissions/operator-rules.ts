/**
 * @module
 * The rules of a server's operator: they hold before any answer.
 */
import { GloveboxError, isGloveboxError } from "../../core/errors.ts";
import { locatePath } from "../../permissions/locate-path.ts";
import { parsePattern, subjectKinds } from "../../permissions/parse-pattern.ts";
import { effects, type Effect, type Rule } from "../../permissions/rule.ts";
import { showValue } from "../../util/show-value.ts";

export interface WrittenRules {
  /** `net api.github.com:443`, `read ~/.aws/` */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/**
 * Ports of programs are led out to this machine only where a rule allows it: they would take the place
 * of its own services.
 *
 * @param home Absolute and canonical.
 * @throws {GloveboxError} `INVALID_CONFIG`
 */
export function parseOperatorRules(written: WrittenRules, home: string): readonly Rule[] {
  const rules = effects.flatMap((effect) =>
    written[effect].map((text) => parse(effect, text, home)),
  );
  const forwards = rules.some(
    ({ effect, pattern }) => effect === "allow" && pattern.kind === "forward",
  );
  return forwards ? rules : [...rules, parse("deny", "forward *", home)];
}

function parse(effect: Effect, text: string, home: string): Rule {
  const field = `permissions.${effect}`;
  const [, word, value = ""] = /^([a-z]+) +(.*)$/s.exec(text.trim()) ?? [];
  const kind = subjectKinds.find((each) => each === word);
  if (kind === undefined) {
    throw invalid(
      field,
      `${field}: ${showValue(text)} is no rule. Write one of ${subjectKinds.join(", ")} and what it is about: \`net api.github.com:443\`.`,
    );
  }
  try {
    const place = { home, locate: locatePath };
    const pattern = parsePattern({ kind, effect, text: value, origin: field }, place);
    const at = new Date().toISOString();
    return { id: `${field}: ${text.trim()}`, effect, pattern, scope: "run", by: "flag", at };
  } catch (error) {
    if (isGloveboxError(error)) throw invalid(field, error.message);
    throw error;
  }
}

function invalid(path: string, message: string): GloveboxError<"INVALID_CONFIG"> {
  return new GloveboxError("INVALID_CONFIG", message, { issues: [{ path, message }] });
}
