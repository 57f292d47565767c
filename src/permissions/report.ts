/**
 * @module
 * Everything that a run asked for, got, and was denied, with who decided.
 */
import type { AskingProcess, PermissionNote, Subject } from "../core/permission.ts";
import type { ShownPath } from "../core/policy.ts";
import type { DecidedBy, DecisionLog, LoggedDecision } from "./decision-log.ts";
import { describeSubject } from "./describe-subject.ts";
import type { MeaningPlace } from "./meaning.ts";
import { describeNote, notesToShow, summaryOfLookups } from "./notes.ts";
import type { Effect } from "./rule.ts";
import { showName } from "./show-untrusted.ts";
import { describeEntry } from "./summary.ts";

/** As JSON has it. */
export interface PermissionReport {
  /** Files and folders that rules allowed, so that nobody was asked. */
  readonly shown: { path: string; access: "ro" | "rw" }[];
  readonly decisions: DecisionJson[];
  /** Decisions that were not kept, because there were too many different ones. */
  readonly omitted: number;
  /** What was no question. */
  readonly notes: { kind: string; [field: string]: unknown }[];
}

export interface DecisionJson {
  readonly subject: Subject;
  readonly process?: AskingProcess;
  readonly decision: Effect;
  readonly decided_by: DecidedBy;
  readonly count: number;
  readonly first_at: string;
  readonly last_at: string;
}

/** @param shown What it had without asking. */
export function reportOf(log: DecisionLog, shown: readonly ShownPath[] = []): PermissionReport {
  return {
    shown: shown.map(({ hostPath, access }) => ({ path: hostPath, access })),
    decisions: log.entries().map(toJson),
    omitted: log.omitted(),
    notes: notesToShow(log).map(noteToJson),
  };
}

function toJson(entry: LoggedDecision): DecisionJson {
  const { subject, process, isAllowed, by, count } = entry;
  return {
    subject,
    ...(process && { process }),
    decision: isAllowed ? "allow" : "deny",
    decided_by: by,
    count,
    first_at: new Date(entry.firstAtMs).toISOString(),
    last_at: new Date(entry.lastAtMs).toISOString(),
  };
}

const noteToJson = (note: PermissionNote): PermissionReport["notes"][number] => ({
  kind: note.kind,
  ...Object.fromEntries(
    Object.entries(note).map(([key, value]: [string, unknown]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  ),
});

/** More notes than this nobody reads; JSON has all. */
const MAX_NOTES = 50;

/** A line each, without its end: `allowed  curl: connect to a.b:443, 3 times  [rule r1]`. */
export function formatReport(
  log: DecisionLog,
  { shown = [], ...place }: MeaningPlace & { readonly shown?: readonly ShownPath[] },
): readonly string[] {
  const entries = log.entries();
  const notes = [...shown.map((each) => formatShown(each, place)), ...formatNotes(log)];
  if (entries.length === 0) return ["glovebox: the program asked for nothing", ...notes];
  const lines = entries.map((entry) => {
    const effect = entry.isAllowed ? "allowed" : "denied ";
    const times = entry.count === 1 ? "" : `, ${entry.count} times`;
    return `  ${effect}  ${describeEntry(entry, place)}${times}  [${formatDecidedBy(entry.by)}]`;
  });
  const omitted = log.omitted();
  const rest = omitted === 0 ? [] : [`  and ${omitted} more, which were not kept`];
  return [`glovebox: the program asked for ${entries.length}:`, ...lines, ...rest, ...notes];
}

function formatShown({ hostPath, access }: ShownPath, place: MeaningPlace): string {
  const kind = access === "rw" ? "write" : "read";
  const { verb, object } = describeSubject({ kind, path: hostPath }, place.home);
  return `  given    ${verb} ${object}: a rule allowed it, so nobody was asked`;
}

function formatNotes(log: DecisionLog): readonly string[] {
  const notes = notesToShow(log);
  const lines = notes.slice(0, MAX_NOTES).map((note) => `  noted    ${describeNote(note)}`);
  const omitted = notes.length - lines.length;
  const summary = summaryOfLookups(log);
  return [
    ...lines,
    ...(omitted === 0 ? [] : [`  and ${omitted} more notes: \`--json\` has them`]),
    ...(summary === undefined ? [] : [summary]),
  ];
}

export function formatDecidedBy(by: DecidedBy): string {
  switch (by.kind) {
    case "rule":
      return by.source === "flag" ? by.id : `rule ${showName(by.id)}`;
    case "answer":
      return `answer on the ${by.by}, ${scopeWords[by.scope]}`;
    case "nobody":
      return "nobody to ask";
    case "timeout":
      return "no answer in time";
    case "flood":
      return "too many questions";
    case "protected":
      return "Glovebox's own, never allowed";
    case "unshowable":
      return "can't be shown";
    case "withdrawn":
      return "gone before the answer";
    case "failure":
      return "nobody could be asked";
  }
}

const scopeWords = { once: "once", run: "this run", always: "always" } as const;
