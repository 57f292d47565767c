/**
 * @module
 * `--explain`: what a run would do, and nothing is done.
 */
import type { IdleHook, PlannedStep } from "../../lifecycle/registry.ts";
import { formatStepName } from "../../lifecycle/step.ts";
import { escapeControls } from "../escape-controls.ts";
import { formatTable } from "../table.ts";

/** A line each, in the order in which they run; steps that only a failure leaves out are in it, too. */
export function formatPlan(plan: readonly PlannedStep<never>[]): string {
  const hasHooks = plan.some(({ place }) => place !== "at");
  const rows = plan.map(({ level, place, step, occasion, owner }) => [
    String(level),
    formatStepName(step),
    owner,
    ...(hasHooks ? [place === "at" ? "" : `${place} ${formatStepName(occasion)}`] : []),
  ]);
  const table = [["LEVEL", "STEP", "BY", ...(hasHooks ? ["HOOK"] : [])], ...rows];
  // A command is called as it likes.
  return formatTable(table.map((row) => row.map(escapeControls)));
}

/** A misspelt name is no error: the same plugin may be there for runs that have such a step. */
export function idleHookWords(hooks: readonly IdleHook[]): readonly string[] {
  return hooks.map(({ owner, place, hook }) =>
    escapeControls(
      `${owner}: ${formatStepName(hook)} is never run: it is ${place} steps of which this run has none.`,
    ),
  );
}

/** For `--json`. */
export function planDocument(plan: readonly PlannedStep<never>[]): unknown {
  return {
    steps: plan.map(({ level, place, step, occasion, owner }) => ({
      level,
      step: formatStepName(step),
      by: owner,
      ...(place !== "at" && { hook: { place, of: formatStepName(occasion) } }),
    })),
  };
}
