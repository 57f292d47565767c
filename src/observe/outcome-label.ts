/**
 * @module
 * How a program ended, in one word of a fixed set: what metrics are counted by, and audits name.
 */
import type { Outcome, OutcomeLimit } from "../core/outcome.ts";
import { snakeCase, type SnakeCase } from "../util/snake-case.ts";

export type OutcomeLabel =
  "exited_zero" | "exited_nonzero" | "signaled" | "canceled" | `limit_${SnakeCase<OutcomeLimit>}`;

/** Exit codes and signals are the program's choice; they would be a series each. */
export function outcomeLabel(outcome: Outcome): OutcomeLabel {
  switch (outcome.kind) {
    case "exited":
      return outcome.exitCode === 0 ? "exited_zero" : "exited_nonzero";
    case "signaled":
    case "canceled":
      return outcome.kind;
    case "limit":
      return `limit_${snakeCase(outcome.limit)}`;
  }
}
