/**
 * @module
 * Rules as a YAML file, to read, edit and import: what `--learn` writes.
 */
import { invalidRequest } from "../core/errors.ts";
import type { SubjectKind } from "../core/permission.ts";
import { showValue } from "../util/show-value.ts";
import type { DecisionLog, LoggedDecision } from "./decision-log.ts";
import { meaningOf, type MeaningPlace } from "./meaning.ts";
import { formatPattern, parsePattern, subjectKinds, type PatternPlace } from "./parse-pattern.ts";
import { shortenHome } from "./path-pattern.ts";
import type { PolicyItem } from "./policy-yaml.ts";
import type { Effect, NewRule, Rule } from "./rule.ts";
import { showName, showUntrusted } from "./show-untrusted.ts";
import { exactPattern, subjectKey } from "./subject.ts";

/** Rules that a run would have needed, each with who asked for it and what it means. */
export function learnedPolicy(
  log: DecisionLog,
  { command, ...place }: MeaningPlace & { readonly command: string },
): string {
  const needed = new Map<string, LoggedDecision>();
  for (const entry of log.entries()) {
    if (!isLearnable(entry)) continue;
    const key = subjectKey(entry.subject);
    if (!needed.has(key)) needed.set(key, entry);
  }
  const items = [...needed.values()].map(({ subject, process, count }) => {
    const who =
      process === undefined || process.name === "" ? "the program" : showName(process.name);
    const meaning = meaningOf(subject, place);
    const times = count === 1 ? "" : ` ${count} times`;
    const note = `${who} asked for it${times}${meaning === undefined ? "" : `: ${meaning}`}`;
    const pattern = exactPattern(subject, (path) => shortenHome(path, place.home));
    return formatItem({ effect: "allow", pattern }, note);
  });
  const omitted = log.omitted();
  return formatFile(
    [
      `What ${showUntrusted(command)} asked for. Take out what it should not have, then:`,
      "`glovebox permissions import FILE`",
      ...(omitted === 0 ? [] : [`${omitted} more were not kept: it asked for too much.`]),
    ],
    { allow: items, deny: [] },
  );
}

/** Rules of a project, as `parsePolicyFile` reads them. */
export function formatPolicyFile(rules: readonly Rule[], project: string): string {
  const of = (effect: Effect): readonly string[] =>
    rules
      .filter((rule) => rule.effect === effect)
      .map((rule) => formatItem(rule, `${rule.id}, ${rule.at}`));
  return formatFile([`Rules of ${showUntrusted(project)}`], {
    allow: of("allow"),
    deny: of("deny"),
  });
}

/**
 * @param origin The file's name, for messages.
 * @throws {GloveboxError} `INVALID_REQUEST` with the line of each fault.
 */
export async function parsePolicyFile(
  text: string,
  { origin, place }: { readonly origin: string; readonly place: PatternPlace },
): Promise<readonly NewRule[]> {
  // The parser is for those who need it.
  const { readPolicyYaml } = await import("./policy-yaml.ts");
  const items = readPolicyYaml(text, origin);
  return items.map((item) => ruleOf(item, { origin, place }));
}

function ruleOf(
  { effect, kind, value, line }: PolicyItem,
  { origin, place }: { readonly origin: string; readonly place: PatternPlace },
): NewRule {
  const where = `${origin}:${line}: ${effect}`;
  if (!isKind(kind)) {
    throw invalidRequest(where, `${showValue(kind)} is none of ${subjectKinds.join(", ")}.`);
  }
  const named = `${where}: ${kind}`;
  // YAML reads 8000 as a number, and all else must be written as text.
  if (typeof value !== "string" && !(kind === "forward" && typeof value === "number")) {
    throw invalidRequest(named, `must be text, not ${showValue(value)}.`);
  }
  const pattern = parsePattern({ kind, effect, text: String(value), origin: named }, place);
  return { effect, pattern, scope: "always", by: "import" };
}

const isKind = (kind: string): kind is SubjectKind =>
  (subjectKinds as readonly string[]).includes(kind);

/** What no rule could have allowed teaches nothing. */
function isLearnable({ by }: LoggedDecision): boolean {
  return by.kind !== "protected" && by.kind !== "unshowable";
}

function formatItem({ effect, pattern }: Pick<Rule, "effect" | "pattern">, note: string): string {
  const value = yamlString(formatPattern(pattern, effect));
  return `  # ${note}\n  - ${pattern.kind}: ${value}\n`;
}

/** With all escaped that an editor would not show as it is. */
function yamlString(text: string): string {
  return JSON.stringify(text).replace(/[^\u0020-\u007e]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

function formatFile(
  head: readonly string[],
  { allow, deny }: Readonly<Record<Effect, readonly string[]>>,
): string {
  const list = (name: string, items: readonly string[]): string =>
    items.length === 0 ? `${name}: []\n` : `${name}:\n${items.join("")}`;
  const comments = head.map((line) => `# ${line}\n`).join("");
  return `${comments}version: 1\n${list("allow", allow)}${list("deny", deny)}`;
}
