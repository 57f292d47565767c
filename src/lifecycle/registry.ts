/**
 * @module
 * What is to be done in a run, as parts of Glovebox and of others have said it, and in which order.
 */
import { invalidRequest } from "../core/errors.ts";
import { showValue } from "../util/show-value.ts";
import { isMatch, parseMatcher } from "./matcher.ts";
import { formatStepName, levelBounds, type Step, type StepMatcher, type StepName } from "./step.ts";

/** Where one part says what it does. */
export interface Steps<Run> {
  /** @throws {GloveboxError} `INVALID_REQUEST` for what is no level or no step. */
  readonly at: (level: number, step: Step<Run>) => void;
  /**
   * A hook runs once for each step that matches, of whatever level. Hooks are no steps themselves: none
   * is before or after another one.
   *
   * @param matcher A text is as `parseMatcher` takes it.
   */
  readonly before: (matcher: StepMatcher | string, step: Step<Run>) => void;
  readonly after: (matcher: StepMatcher | string, step: Step<Run>) => void;
}

export interface Registry<Run> {
  /** @param owner Who registers, for people: `glovebox`, or a plugin's file. */
  readonly for: (owner: string) => Steps<Run>;
  /** All that was registered, in the order in which it runs. From here on nothing can be. */
  readonly plan: () => readonly PlannedStep<Run>[];
  /** Hooks whose matchers match no step that was registered: a name may be misspelt. */
  readonly idleHooks: () => readonly IdleHook[];
}

export interface IdleHook {
  readonly owner: string;
  readonly place: "before" | "after";
  readonly hook: StepName;
}

export interface PlannedStep<Run> {
  readonly level: number;
  readonly owner: string;
  readonly step: Step<Run>;
  /** `before` and `after`: a hook of `occasion`. */
  readonly place: "at" | "before" | "after";
  readonly occasion: StepName;
}

interface Registered<Run> {
  readonly owner: string;
  readonly step: Step<Run>;
}

interface LevelStep<Run> extends Registered<Run> {
  readonly level: number;
}

interface Hook<Run> extends Registered<Run> {
  readonly matcher: StepMatcher;
}

export function createRegistry<Run>(): Registry<Run> {
  const steps: LevelStep<Run>[] = [];
  const hooks: Record<"before" | "after", Hook<Run>[]> = { before: [], after: [] };
  let plan: readonly PlannedStep<Run>[] | undefined;
  const refuseLate = (): void => {
    if (plan === undefined) return;
    throw invalidRequest("step", "it is too late to register one: the run has begun.");
  };
  const addHook =
    (place: "before" | "after", owner: string) =>
    (matcher: StepMatcher | string, step: Step<Run>): void => {
      refuseLate();
      const parsed = typeof matcher === "string" ? parseMatcher(matcher) : checkMatcher(matcher);
      hooks[place].push({ owner, step: checkStep(step), matcher: parsed });
    };
  return {
    for: (owner) => ({
      at: (level, step) => {
        refuseLate();
        steps.push({ owner, level: checkLevel(level), step: checkStep(step) });
      },
      before: addHook("before", owner),
      after: addHook("after", owner),
    }),
    plan: () =>
      (plan ??= steps
        .toSorted((one, other) => one.level - other.level)
        .flatMap((each) => withHooks(each, hooks))),
    idleHooks: () =>
      (["before", "after"] as const).flatMap((place) =>
        hooks[place]
          .filter(({ matcher }) => !steps.some(({ step }) => isMatch(matcher, step)))
          .map(({ owner, step }) => ({ owner, place, hook: step })),
      ),
  };
}

function withHooks<Run>(
  { level, owner, step }: LevelStep<Run>,
  hooks: Record<"before" | "after", readonly Hook<Run>[]>,
): readonly PlannedStep<Run>[] {
  const of = (place: "before" | "after"): readonly PlannedStep<Run>[] =>
    hooks[place]
      .filter(({ matcher }) => isMatch(matcher, step))
      .map((hook) => ({ level, owner: hook.owner, step: hook.step, place, occasion: step }));
  return [...of("before"), { level, owner, step, place: "at", occasion: step }, ...of("after")];
}

// Plugins may be plain JavaScript: their types are not checked by anybody else.

function checkLevel(level: number): number {
  const { min, max } = levelBounds;
  if (typeof level === "number" && level >= min && level <= max) return level;
  throw invalidRequest(
    "level",
    `${showValue(level)} is no level. Levels are numbers from ${min} to ${max}.`,
  );
}

function checkStep<Run>(step: Step<Run>): Step<Run> {
  for (const field of ["provider", "resource", "step"] as const) {
    const name: unknown = step[field];
    const isName = typeof name === "string" && /^[^/\s]*$/.test(name);
    if (isName && (name !== "" || field === "resource")) continue;
    throw invalidRequest(
      "step",
      `${showValue(name)} is no name of a ${field}. Names are texts without spaces and slashes.`,
    );
  }
  if (typeof step.work === "function") return step;
  throw invalidRequest("step", `${formatStepName(step)} has no function \`work\`.`);
}

function checkMatcher(matcher: StepMatcher): StepMatcher {
  const given: unknown = matcher;
  // An expression by itself has no fields, and would match each step.
  if (typeof given !== "object" || given === null || given instanceof RegExp) {
    throw invalidRequest(
      "matcher",
      `${showValue(given)} is none. Write "PROVIDER/RESOURCE/STEP" or { provider, resource, step }.`,
    );
  }
  for (const [field, wanted] of Object.entries(matcher) as [string, unknown][]) {
    const isKnown = field === "provider" || field === "resource" || field === "step";
    const isWanted = wanted === undefined || typeof wanted === "string" || wanted instanceof RegExp;
    if (isKnown && isWanted) continue;
    throw invalidRequest(
      "matcher",
      isKnown
        ? `${field}: ${showValue(wanted)} is neither a text nor a regular expression.`
        : `\`${field}\` is not known. Write provider, resource and step.`,
    );
  }
  return matcher;
}
