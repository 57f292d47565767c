/**
 * @module
 * Which rule tells. A denial tells before anything that allows: the most specific rule does not win,
 * so that whoever reads one denial need not read the others.
 */
import type { Subject } from "../core/permission.ts";
import { isAllowedBy, isDeniedBy } from "./match.ts";
import type { Rule } from "./rule.ts";

/**
 * Explicit denial, explicit permission, answers of this run in the same order.
 *
 * @returns Undefined where no rule is about it: then it is asked, or denied.
 */
export function decidingRule(
  { rules, answers = [] }: { readonly rules: readonly Rule[]; readonly answers?: readonly Rule[] },
  subject: Subject,
  home: string,
): Rule | undefined {
  return firstOf(rules, subject, home) ?? firstOf(answers, subject, home);
}

function firstOf(rules: readonly Rule[], subject: Subject, home: string): Rule | undefined {
  return (
    rules.find(({ effect, pattern }) => effect === "deny" && isDeniedBy(pattern, subject, home)) ??
    rules.find(({ effect, pattern }) => effect === "allow" && isAllowedBy(pattern, subject, home))
  );
}
