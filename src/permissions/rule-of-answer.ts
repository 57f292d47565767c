/**
 * @module
 * What an answer means from now on.
 */
import type { Subject } from "../core/permission.ts";
import type { Answer } from "./asker.ts";
import { isAllowedBy } from "./match.ts";
import { shortenHome } from "./path-pattern.ts";
import { newRuleId, type Rule, type RuleSource } from "./rule.ts";
import { exactPattern } from "./subject.ts";

/** An answer for more than was asked counts only if it covers what was asked; else it is for that alone. */
export function ruleOfAnswer(
  { isAllowed, scope, pattern, by }: Answer,
  subject: Subject,
  { home, command }: { readonly home: string; readonly command?: string },
): Rule {
  const covers =
    pattern !== undefined && pattern.kind === subject.kind && isAllowedBy(pattern, subject, home);
  return {
    id: newRuleId(),
    effect: isAllowed ? "allow" : "deny",
    pattern: covers ? pattern : exactPattern(subject, (path) => shortenHome(path, home)),
    // A no holds for the run at least: nobody is asked the same again until they say yes.
    scope: scope === "once" ? "run" : scope,
    by: sourceOf[by],
    at: new Date().toISOString(),
    ...(command !== undefined && { command }),
  };
}

const sourceOf = {
  terminal: "prompt",
  api: "api",
  broker: "broker",
  nobody: "prompt",
} as const satisfies Record<Answer["by"], RuleSource>;
