/**
 * @module
 * What of requests and answers is in memory at the same time: one budget for each kind, each as large as
 * `server.bodyBudget` says, and for all ports of a server together.
 */
import { createByteBudget, type ByteBudget } from "./byte-budget.ts";

export interface Budgets {
  /** Each body from its first byte until its request is answered. */
  readonly bodies: ByteBudget;
  /** Until their clients have taken them. */
  readonly answers: ByteBudget;
  /** What those read who follow executions. */
  readonly output: ByteBudget;
  /** Files of sandboxes that are being made. */
  readonly files: ByteBudget;
}

export function createBudgets(maxBytes: number): Budgets {
  const budget = (what: string, holders: string): ByteBudget =>
    createByteBudget(maxBytes, what, holders);
  return {
    bodies: budget("body", "the requests that are being served"),
    answers: budget("answer", "answers that their clients have not read yet"),
    output: budget("events", "readers of executions"),
    files: budget("files", "the sandboxes that are being made"),
  };
}
