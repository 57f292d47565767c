/**
 * @module
 * Questions in words. What a program chose (names, hosts, paths) is shown as it is, with all that
 * could deceive made visible, and always apart from our own words.
 */
import type { Ask, PermissionReport } from "../../../src/client/ask-types.ts";
import { describeSubject } from "../../../src/permissions/describe-subject.ts";
import { showName, showUntrusted } from "../../../src/permissions/show-untrusted.ts";
import type { AnsweredAsk } from "../run/run.ts";

/** Paths are shown whole: this page does not know whose home is meant. */
const NO_HOME = "/";

export interface AskWords {
  /** The program's own name for itself. */
  readonly who: string;
  /** `wants to connect to`. */
  readonly verb: string;
  readonly object: string;
  /** Ours, but for names in them. */
  readonly notes: readonly string[];
}

export function askWords({ subject, process, meaning, because }: Ask): AskWords {
  const { verb, object } = describeSubject(subject, NO_HOME);
  const isPunycode = subject.kind === "net" && /(^|\.)xn--/.test(subject.host);
  return {
    who: showName(process?.name === undefined || process.name === "" ? "program" : process.name),
    verb: `wants to ${verb}`,
    object,
    notes: [
      ...[meaning, because].flatMap((note) => (note === null ? [] : showUntrusted(note))),
      ...(isPunycode ? ["a name with letters beyond a to z, written as computers write it"] : []),
    ],
  };
}

/** `2:05`, `9 s`. */
export function formatLeft(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** How long it stays open from now; the clocks of both sides may differ. */
export function leftMs({ asked_at, expires_at }: Ask, arrivedMs: number, nowMs: number): number {
  const wholeMs = Date.parse(expires_at) - Date.parse(asked_at);
  const ageMs = arrivedMs - Date.parse(asked_at);
  const knownAgeMs = ageMs > 0 && ageMs < wholeMs ? ageMs : 0;
  return wholeMs - knownAgeMs - (nowMs - arrivedMs);
}

/** A line of the history. */
export interface DecisionWords {
  readonly isAllowed: boolean;
  readonly who: string;
  readonly verb: string;
  readonly object: string;
  /** `allowed for this run, by you`, `denied: nobody answered`. */
  readonly end: string;
}

const scopeWords = { once: "once", run: "for this run", always: "always" } as const;

export function answeredWords({ ask, end }: AnsweredAsk): DecisionWords {
  const { who, object, verb } = askWords(ask);
  if (end.type === "withdrawn") {
    const why = end.reason === "timeout" ? "denied: nobody answered in time" : "no longer asked";
    return { isAllowed: false, who, verb, object, end: why };
  }
  const isAllowed = end.answer === "allow";
  const words = `${isAllowed ? "allowed" : "denied"} ${scopeWords[end.scope]}`;
  return { isAllowed, who, verb, object, end: words };
}

type Decided = PermissionReport["decisions"][number];

export function decidedWords({ subject, process, ...rest }: Decided): DecisionWords {
  const { verb, object } = describeSubject(subject, NO_HOME);
  const { decision, decided_by: by, count } = rest;
  const isAllowed = decision === "allow";
  const times = count > 1 ? `, ${count} times` : "";
  return {
    isAllowed,
    who: showName(process?.name === undefined || process.name === "" ? "program" : process.name),
    verb: `wanted to ${verb}`,
    object,
    end: `${isAllowed ? "allowed" : "denied"} ${byWords(by)}${times}`,
  };
}

type Shown = PermissionReport["shown"][number];

/** It was there from the begin: nobody knows whether it was looked at. */
export function shownWords({ path, access }: Shown): DecisionWords {
  const { verb, object } = describeSubject(
    { kind: access === "ro" ? "read" : "write", path },
    NO_HOME,
  );
  return { isAllowed: true, who: "program", verb: `may ${verb}`, object, end: "allowed by a rule" };
}

function byWords(by: Decided["decided_by"]): string {
  switch (by.kind) {
    case "answer":
      return `${scopeWords[by.scope]}, by an answer`;
    case "rule":
      return "by a rule";
    case "timeout":
      return "since nobody answered in time";
    case "nobody":
      return "since there was nobody to ask";
    case "flood":
      return "since it asked too much";
    case "protected":
      return "whatever anybody says: it is protected";
    case "unshowable":
      return "since its name can't be shown";
    case "withdrawn":
      return "since it stopped asking";
    case "failure":
      return "since something failed";
  }
}
