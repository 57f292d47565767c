/**
 * @module
 * Who is asked what no rule tells.
 */
import type { DecisionScope, Question } from "../core/permission.ts";
import type { Pattern } from "./rule.ts";

/** A question with what whoever answers it should know. All its words but ours are a program's. */
export interface ShownQuestion extends Question {
  /** Nobody can guess it. */
  readonly id: string;
  /** What it would mean: `AWS access keys`. Ours. */
  readonly meaning?: string;
  /** What an answer is about, unless it says more. */
  readonly pattern: Pattern;
  /** The folder around it for all of which the answer may hold, where that is not too much. */
  readonly folder?: Pattern;
}

/** `nobody`: there was none to ask. */
export type AnsweredBy = "terminal" | "api" | "broker" | "nobody";

export interface Answer {
  readonly isAllowed: boolean;
  readonly scope: DecisionScope;
  /** What it holds for, if for more than the question's `pattern`; it must cover what was asked. */
  readonly pattern?: Pattern;
  readonly by: AnsweredBy;
}

export interface Asker {
  readonly name: AnsweredBy;
  /** People can't answer hundreds of questions, and must not be made to. */
  readonly asksPeople: boolean;
  /**
   * @param signal Its abort withdraws the question; what it then settles with counts for nothing.
   * @throws Where nobody can be asked: that is a denial.
   */
  ask(question: ShownQuestion, signal: AbortSignal): Promise<Answer>;
}

/** For runs with nobody to ask: all is denied that no rule allows. */
export const neverAsker: Asker = {
  name: "nobody",
  asksPeople: false,
  ask: async () => ({ isAllowed: false, scope: "run", by: "nobody" }),
};
