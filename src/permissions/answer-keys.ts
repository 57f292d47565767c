/**
 * @module
 * Which key is which answer.
 */
import type { Answer, ShownQuestion } from "./asker.ts";

export interface KeyAnswer {
  readonly answer: Answer;
  /** `allowed once` */
  readonly outcome: string;
}

/** `w` and `b`, whitelist and blacklist, are those of older tools. Undefined for keys that answer nothing. */
export function answerOfKey(key: string, question: ShownQuestion): KeyAnswer | undefined {
  const isForward = question.subject.kind === "forward";
  switch (key) {
    case "y":
      return isForward ? allow("run", "allowed in this run") : allow("once", "allowed once");
    case "s":
    case "w":
      return allow("run", "allowed in this run");
    case "a":
      return allow("always", "allowed always");
    case "n":
    case "b":
      return deny("run", "denied");
    case "N":
      return deny("always", "denied always");
    case "d": {
      if (question.folder === undefined) return undefined;
      const { answer } = allow("run", "");
      return {
        answer: { ...answer, pattern: question.folder },
        outcome: "allowed with its folder",
      };
    }
    default:
      return undefined;
  }
}

function allow(scope: Answer["scope"], outcome: string): KeyAnswer {
  return { answer: { isAllowed: true, scope, by: "terminal" }, outcome };
}

export function deny(scope: Answer["scope"], outcome: string): KeyAnswer {
  return { answer: { isAllowed: false, scope, by: "terminal" }, outcome };
}
