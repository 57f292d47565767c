/**
 * @module
 * `--allow-net`, `--deny-read` and their like: a flag for each effect and kind.
 */
import type { SubjectKind } from "../core/permission.ts";
import { formatFlag, parsePattern, subjectKinds, type PatternPlace } from "./parse-pattern.ts";
import { effects, type Effect, type Rule } from "./rule.ts";

export interface RuleFlag {
  /** `--allow-net` */
  readonly flag: string;
  readonly effect: Effect;
  readonly kind: SubjectKind;
  /** `HOST[:PORT]` */
  readonly valueName: string;
}

const valueNames: Readonly<Record<SubjectKind, string>> = {
  net: "HOST[:PORT]",
  read: "PATH",
  write: "PATH",
  list: "FOLDER",
  socket: "PATH",
  forward: "PORT",
  env: "NAME",
};

export const ruleFlags: readonly RuleFlag[] = effects.flatMap((effect) =>
  subjectKinds.map((kind) => ({
    flag: `--${effect}-${kind}`,
    ...{ effect, kind, valueName: valueNames[kind] },
  })),
);

/**
 * The rule that one flag says; it holds for the run.
 *
 * @param now Milliseconds since 1970.
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function parseRuleFlag(
  { flag, effect, kind }: RuleFlag,
  text: string,
  { place, now }: { readonly place: PatternPlace; readonly now: number },
): Rule {
  const pattern = parsePattern({ kind, effect, text, origin: flag }, place);
  const at = new Date(now).toISOString();
  return { id: formatFlag({ effect, pattern }), effect, pattern, scope: "run", by: "flag", at };
}
