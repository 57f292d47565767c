/**
 * @module
 * Questions of programs, and answers, as the JSON of the v1 API has them.
 */
import type { AskingProcess, DecisionScope, Subject } from "../core/permission.ts";

/** A question. A program chose its names, paths and hosts: show them as text, and trust none of it. */
export interface Ask {
  readonly id: string;
  readonly execution_id: string;
  readonly subject: Subject;
  readonly process: AskingProcess | null;
  /** What a yes would mean: `AWS access keys`. */
  readonly meaning: string | null;
  /** Why it comes up, where the subject does not tell. */
  readonly because: string | null;
  /** What an answer without `as` is about. */
  readonly pattern: string;
  /** What `as` may be for all of the folder around it. */
  readonly folder: string | null;
  readonly asked_at: string;
  /** Then it is denied. */
  readonly expires_at: string;
}

export interface AskList {
  /** The oldest first. */
  readonly asks: readonly Ask[];
}

export interface AnswerRequest {
  readonly answer: "allow" | "deny";
  /** `once` if absent; `always` where the operator allows it. A denial holds for the run at least. */
  readonly scope?: DecisionScope | undefined;
  /** What it is about, where that is more than was asked for: `*.github.com:443`, `~/.aws/`. */
  readonly as?: string | undefined;
}

export interface Answered {
  readonly id: string;
  readonly execution_id: string;
  readonly answer: "allow" | "deny";
  readonly scope: DecisionScope;
}

/** What happens to questions. */
export type AskMessage =
  | { readonly type: "ask"; readonly ask: Ask }
  | ({ readonly type: "answered" } & Answered)
  /** `gone`: whoever asked is, or another answer told it. */
  | {
      readonly type: "withdrawn";
      readonly id: string;
      readonly execution_id: string;
      readonly reason: "timeout" | "gone";
    };

/** What a program asked for, and got. */
export interface PermissionReport {
  /** Files and folders that rules allowed, so that nobody was asked. */
  readonly shown: readonly { readonly path: string; readonly access: "ro" | "rw" }[];
  readonly decisions: readonly {
    readonly subject: Subject;
    readonly process?: AskingProcess;
    readonly decision: "allow" | "deny";
    readonly decided_by:
      | {
          readonly kind: "rule";
          readonly id: string;
          readonly source: "prompt" | "api" | "broker" | "cli" | "flag" | "import";
        }
      | {
          readonly kind: "answer";
          readonly by: "terminal" | "api" | "broker" | "nobody";
          readonly scope: DecisionScope;
        }
      | {
          readonly kind:
            "nobody" | "timeout" | "flood" | "protected" | "unshowable" | "withdrawn" | "failure";
        };
    readonly count: number;
    readonly first_at: string;
    readonly last_at: string;
  }[];
  /** Those that were not kept. */
  readonly omitted: number;
  /** What happened and was no question. */
  readonly notes: readonly { readonly [field: string]: unknown; readonly kind: string }[];
}
