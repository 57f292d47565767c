/**
 * @module
 * What a run was denied, at its end, with the flags that would have allowed it.
 */
import type { DecidedBy, DecisionLog, LoggedDecision } from "./decision-log.ts";
import { describeSubject } from "./describe-subject.ts";
import { meaningOf, type MeaningPlace } from "./meaning.ts";
import { summaryOfLookups } from "./notes.ts";
import { formatFlag } from "./parse-pattern.ts";
import { shortenHome } from "./path-pattern.ts";
import { showName } from "./show-untrusted.ts";
import { exactPattern, subjectKey } from "./subject.ts";

/** More lines than this nobody reads; `--report` has all. */
const MAX_LINES = 20;

/**
 * Lines without their ends; none where nothing was denied:
 *
 *     glovebox: denied 2; what would allow it:
 *       --allow-net=api.github.com:443      curl: connect to api.github.com:443
 *       --allow-read='~/.aws/credentials'   aws: read ~/.aws/credentials (AWS access keys)
 */
export function summaryOfDenied(log: DecisionLog, place: MeaningPlace): readonly string[] {
  const lookups = summaryOfLookups(log);
  return [...remediesOfDenied(log, place), ...(lookups === undefined ? [] : [lookups])];
}

/** The same, of denials alone. */
export function remediesOfDenied(log: DecisionLog, place: MeaningPlace): readonly string[] {
  const denied = deniedSubjects(log);
  if (denied.length === 0) return [];
  const shown = denied.slice(0, MAX_LINES);
  const remedies = shown.map((entry) => remedyOf(entry, place.home));
  const width = Math.max(...remedies.map(({ length }) => length));
  const lines = shown.map((entry, index) => {
    return `  ${(remedies[index] ?? "").padEnd(width)}   ${describeEntry(entry, place)}`;
  });
  const rest = denied.length - shown.length + log.omitted();
  return [
    `glovebox: denied ${denied.length}; what would allow it:`,
    ...lines,
    ...(rest > 0 ? [`  and ${rest} more: \`--report\` shows them`] : []),
  ];
}

/** One for each subject that was never allowed: what was denied at first and then allowed is settled. */
function deniedSubjects(log: DecisionLog): readonly LoggedDecision[] {
  const entries = log.entries();
  const allowed = new Set(
    entries.filter(({ isAllowed }) => isAllowed).map(({ subject }) => subjectKey(subject)),
  );
  const denied = new Map<string, LoggedDecision>();
  for (const entry of entries) {
    const key = subjectKey(entry.subject);
    // Nobody said no to what was withdrawn.
    if (entry.isAllowed || entry.by.kind === "withdrawn" || allowed.has(key)) continue;
    if (!denied.has(key)) denied.set(key, entry);
  }
  return [...denied.values()];
}

/** What to write on the command line, or why nothing helps. */
function remedyOf({ subject, by }: LoggedDecision, home: string): string {
  const ruleId = by.kind === "rule" && by.source !== "flag" ? by.id : undefined;
  if (ruleId !== undefined) return `glovebox permissions revoke ${showName(ruleId)}`;
  if (by.kind === "rule") return `without ${by.id}`;
  if (by.kind === "answer" && by.scope === "always")
    return "glovebox permissions revoke, after list";
  if (by.kind === "protected") return "nothing: Glovebox's own";
  if (by.kind === "unshowable") return "nothing: can't be shown";
  const pattern = exactPattern(subject, (path) => shortenHome(path, home));
  return formatFlag({ effect: "allow", pattern });
}

/** `curl: connect to api.github.com:443 (…)` */
export function describeEntry(
  { subject, process, by }: LoggedDecision,
  place: MeaningPlace,
): string {
  const { verb, object } = describeSubject(subject, place.home);
  const who = process === undefined || process.name === "" ? "" : `${showName(process.name)}: `;
  const shown =
    object.length > MAX_OBJECT_CHARS ? `${object.slice(0, MAX_OBJECT_CHARS)}...` : object;
  const notes = [meaningOf(subject, place), reasons[by.kind]].filter((note) => note !== undefined);
  return `${who}${verb} ${shown}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}`;
}

const MAX_OBJECT_CHARS = 300;

const reasons: Partial<Readonly<Record<DecidedBy["kind"], string>>> = {
  timeout: "nobody answered in time",
  flood: "too many questions at once",
  failure: "nobody could be asked",
};
