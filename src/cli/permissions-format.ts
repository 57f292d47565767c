/**
 * @module
 * Rules as people read them.
 */
import type { Subject } from "../core/permission.ts";
import { meaningOf, type MeaningPlace } from "../permissions/meaning.ts";
import { formatPattern } from "../permissions/parse-pattern.ts";
import { expandHome } from "../permissions/path-pattern.ts";
import type { NewRule, Pattern, Rule } from "../permissions/rule.ts";
import { showName, showUntrusted } from "../permissions/show-untrusted.ts";
import { formatTable } from "./table.ts";
import type { Paint } from "./print.ts";

export function formatRules(rules: readonly Rule[], paint: Paint): string {
  const rows = rules.map((rule) => [
    rule.id,
    rule.effect,
    rule.pattern.kind,
    showName(formatPattern(rule.pattern, rule.effect)),
    `${rule.at.slice(0, 16).replace("T", " ")}Z`,
    rule.command === undefined ? rule.by : `${rule.by}, ${showUntrusted(rule.command)}`,
  ]);
  const head = ["ID", "RULE", "KIND", "WHAT", "SINCE", "BY"];
  return formatTable([head, ...rows], (cell, { row }) => (row === 0 ? paint("bold", cell) : cell));
}

/** `Connect to api.github.com:443`; what whalebrew says before it installs a package. */
export function describeWish({ effect, pattern }: NewRule, place: MeaningPlace): string {
  const what = showName(formatPattern(pattern, effect));
  const meaning = meaningOfPattern(pattern, place);
  return `${effect === "deny" ? "Never " : ""}${verbs[pattern.kind]} ${what}${meaning === undefined ? "" : ` (${meaning})`}`;
}

const verbs: Readonly<Record<Pattern["kind"], string>> = {
  net: "Connect to",
  read: "Read the file or folder",
  write: "Read and write to the file or folder",
  list: "See the names in the folder",
  socket: "Use the socket",
  forward: "Listen on this machine's port",
  env: "Read the environment variable",
};

function meaningOfPattern(pattern: Pattern, place: MeaningPlace): string | undefined {
  if (!("path" in pattern)) return undefined;
  const path = expandHome(pattern.path, place.home).replace(/(?<=.)\/$/, "");
  const subject: Subject = { kind: pattern.kind, path };
  return meaningOf(subject, place);
}
