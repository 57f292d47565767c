/**
 * @module
 * Which rule tells of a subject, for people who wonder.
 */
import { invalidRequest } from "../core/errors.ts";
import type { Subject } from "../core/permission.ts";
import { showValue } from "../util/show-value.ts";
import { describeSubject } from "./describe-subject.ts";
import { meaningOf } from "./meaning.ts";
import { decidingRule } from "./order.ts";
import { formatFlag, parsePattern, subjectKinds, type PatternPlace } from "./parse-pattern.ts";
import { expandHome, shortenHome } from "./path-pattern.ts";
import type { Pattern, Rule } from "./rule.ts";
import { checkSubject, exactPattern } from "./subject.ts";

export interface Explained {
  /** `asked`: where there is somebody to ask; else it is denied. */
  readonly decision: "allow" | "deny" | "asked";
  readonly rule?: Rule;
  readonly meaning?: string;
  readonly flag: string;
  readonly lines: readonly string[];
}

/** @throws {GloveboxError} `INVALID_REQUEST` for what is no subject. */
export function explainSubject(
  {
    kind,
    text,
    rules,
  }: { readonly kind: string; readonly text: string; readonly rules: readonly Rule[] },
  place: PatternPlace & { readonly env: NodeJS.ProcessEnv },
): Explained {
  const known = subjectKinds.find((each) => each === kind);
  if (known === undefined) {
    throw invalidRequest("KIND", `${showValue(kind)} is none of ${subjectKinds.join(", ")}.`);
  }
  const pattern = parsePattern({ kind: known, effect: "allow", text, origin: "SUBJECT" }, place);
  const subject = subjectOf(pattern, place.home);
  if (subject === undefined) {
    throw invalidRequest(
      "SUBJECT",
      `${showValue(text)} is more than one. Name one host with its port.`,
    );
  }
  const rule = decidingRule({ rules }, subject, place.home);
  const meaning = meaningOf(subject, place);
  const shorten = (path: string): string => shortenHome(path, place.home);
  const flag = formatFlag({ effect: "allow", pattern: exactPattern(subject, shorten) });
  const { verb, object } = describeSubject(subject, place.home);
  const lines = [
    `to ${verb} ${object}${meaning === undefined ? "" : ` (${meaning})`}`,
    rule === undefined ? askedLine : ruleLine(rule),
    "order: denials of flags and rules, what they allow, answers of the run, a question, no",
    ...(rule === undefined ? [`to allow it without a question: ${flag}`] : []),
  ];
  return {
    decision: rule?.effect ?? "asked",
    ...(rule && { rule }),
    ...(meaning !== undefined && { meaning }),
    ...{ flag, lines },
  };
}

const askedLine = "no rule tells: asked, and denied where nobody can be asked";

function ruleLine(rule: Rule): string {
  const said = formatFlag(rule).slice(2);
  const verb = rule.effect === "allow" ? "allowed" : "denied";
  return `${verb} by rule ${rule.id}: ${said} (${rule.by}, ${rule.at.slice(0, 10)})`;
}

/** Undefined for what is several. */
function subjectOf(pattern: Pattern, home: string): Subject | undefined {
  switch (pattern.kind) {
    case "net": {
      const { protocol, host, port } = pattern;
      if (port === "*" || protocol === "any") return undefined;
      return checkSubject({ kind: "net", protocol, host, port });
    }
    case "forward":
      return pattern.port === "*" ? undefined : { kind: "forward", port: pattern.port };
    case "env":
      return pattern;
    case "read":
    case "write":
    case "list":
    case "socket":
      return { kind: pattern.kind, path: expandHome(pattern.path, home).replace(/(?<=.)\/$/, "") };
  }
}
