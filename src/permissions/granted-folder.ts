/**
 * @module
 * Whether a whole folder may be given to a program at once.
 */
import type { Subject } from "../core/permission.ts";
import type { DecidedBy } from "./decision-log.ts";
import { deniesWithin, isAllowedBy } from "./match.ts";
import { expandHome, isWithin } from "./path-pattern.ts";
import type { Rule } from "./rule.ts";

export interface KnownRules {
  readonly rules: readonly Rule[];
  /** What was answered in this run, the last one at the end. */
  readonly answers: Rule[];
  /** Who gave them, by their rules' ids. */
  readonly answeredBy: Map<string, DecidedBy>;
  /** Absolute and canonical. */
  readonly home: string;
  readonly protectedPaths: readonly string[];
}

/**
 * The folder of a rule that allows one. Undefined where something in it is denied or protected: whoever
 * has the folder would have that too.
 */
export function grantedFolder(
  { effect, pattern }: Rule,
  subject: Subject,
  { rules, answers, home, protectedPaths }: KnownRules,
): string | undefined {
  if (effect === "deny" || !("path" in pattern) || !("path" in subject)) return undefined;
  if (!pattern.path.endsWith("/") || !isAllowedBy(pattern, subject, home)) return undefined;
  const absolute = expandHome(pattern.path, home);
  const folder = absolute === "/" ? absolute : absolute.slice(0, -1);
  const place = { kind: subject.kind, folder };
  const isDenied = [...rules, ...answers].some(
    (rule) => rule.effect === "deny" && deniesWithin(rule.pattern, place, home),
  );
  const hasProtected = protectedPaths.some((path) => isWithin(path, folder));
  return isDenied || hasProtected ? undefined : folder;
}
