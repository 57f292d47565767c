/**
 * @module
 * What a run asked for, what it got, and who decided: for summaries, reports and policy files.
 */
import type { AskingProcess, DecisionScope, PermissionNote, Subject } from "../core/permission.ts";
import type { AnsweredBy } from "./asker.ts";
import type { RuleSource } from "./rule.ts";
import { subjectKey } from "./subject.ts";

export type DecidedBy =
  | { readonly kind: "rule"; readonly id: string; readonly source: RuleSource }
  | { readonly kind: "answer"; readonly by: AnsweredBy; readonly scope: DecisionScope }
  /** Nobody could be asked. */
  | { readonly kind: "nobody" }
  /** Nobody answered in time. */
  | { readonly kind: "timeout" }
  /** Too many questions at once. */
  | { readonly kind: "flood" }
  /** Glovebox's own files, or a question that can't be shown as it is. */
  | { readonly kind: "protected" }
  | { readonly kind: "unshowable" }
  /** Whoever asked was gone before the answer. */
  | { readonly kind: "withdrawn" }
  /** Our own failure. */
  | { readonly kind: "failure" };

export interface LoggedDecision {
  readonly subject: Subject;
  /** Who asked first. */
  readonly process?: AskingProcess;
  readonly isAllowed: boolean;
  readonly by: DecidedBy;
  /** Milliseconds since 1970. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly count: number;
}

export type NewDecision = Pick<LoggedDecision, "subject" | "process" | "isAllowed" | "by">;

export interface DecisionLog {
  readonly record: (decision: NewDecision) => void;
  /** In the order in which they came up first. */
  readonly entries: () => readonly LoggedDecision[];
  /** Decisions that were not kept, because there were too many different ones. */
  readonly omitted: () => number;
  /** Takes what was no question, from whoever tells each of them once. */
  readonly note: (note: PermissionNote) => void;
  readonly notes: () => readonly PermissionNote[];
}

/** A program chooses how many different things it asks for. */
const MAX_ENTRIES = 1000;
/** All names that a run may look up, and as much of the rest as is told. */
const MAX_NOTES = 6000;

/** @param now Milliseconds since 1970. */
export function createDecisionLog(now: () => number = Date.now): DecisionLog {
  const kept = new Map<string, LoggedDecision>();
  const notes: PermissionNote[] = [];
  let omitted = 0;
  return {
    record: (decision) => {
      const key = `${decision.isAllowed} ${JSON.stringify(decision.by)} ${subjectKey(decision.subject)}`;
      const earlier = kept.get(key);
      const at = now();
      if (earlier !== undefined) {
        kept.set(key, { ...earlier, lastAtMs: at, count: earlier.count + 1 });
      } else if (kept.size < MAX_ENTRIES) {
        kept.set(key, { ...decision, firstAtMs: at, lastAtMs: at, count: 1 });
      } else {
        omitted += 1;
      }
    },
    entries: () => [...kept.values()],
    omitted: () => omitted,
    note: (note) => {
      if (notes.length < MAX_NOTES) notes.push(note);
    },
    notes: () => notes,
  };
}
