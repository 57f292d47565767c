/**
 * @module
 * A package in plain words, for whoever decides about it: all that it may do and all that it runs. What
 * its author wrote can neither act on the terminal nor hide.
 */
import { structuredPatch } from "diff";
import { showName, showUntrusted } from "../permissions/show-untrusted.ts";
import type { Package } from "./package.ts";
import { differenceOf, wishesOf } from "./wishes.ts";

/** Each line ends with a line feed. */
export function auditPackage(it: Package): string {
  const wishes = wishesOf(it);
  return [
    headOf(it),
    ...runLines(it),
    "",
    ...(wishes.length === 0
      ? ["It needs no access to your system."]
      : ["It may:", "", ...bullets(wishes)]),
    "",
    ...settingLines(it),
  ]
    .map((line) => `${line}\n`)
    .join("");
}

/** What is asked before it runs for the first time. */
export function askingText(it: Package): string {
  const lines = [
    headOf(it),
    ...runLines({ ...it, script: shortened(it.script) }),
    "",
    "This package needs additional access to your system. It wants to:",
    "",
    ...bullets(wishesOf(it)),
  ];
  return `${lines.join("\n")}\n`;
}

/** What is asked of one that was another before: only that. */
export function changedText(before: Package, after: Package): string {
  const { more, less } = differenceOf(before, after);
  const changes = changedLines(textOf(before), textOf(after));
  const lines = [
    headOf(after),
    "This package has changed since you approved it.",
    ...(more.length === 0 ? [] : ["It now also wants to:", "", ...bullets(more), ""]),
    ...(less.length === 0 ? [] : ["It no longer wants to:", "", ...bullets(less), ""]),
    ...(more.length + less.length === 0 ? ["It wants nothing more than before.", ""] : []),
    ...(changes.length === 0
      ? []
      : ["What changed of it:", "", ...changes.map((line) => `  ${line}`)]),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

const headOf = ({ name, version, description }: Package): string =>
  `${showUntrusted(name)} ${showUntrusted(version)}${description === "" ? "" : `: ${showUntrusted(description)}`}`;

function runLines(it: Package): readonly string[] {
  if (it.dockerfile === undefined) return programLines(it);
  const built = ["Docker builds its image from this, with the whole network:", ""];
  return [...built, ...codeLines(it.dockerfile), "", ...programLines(it)];
}

function programLines(it: Package): readonly string[] {
  const words = [...(it.command ?? []), ...it.arguments].map(showName).join(" ");
  if (it.script === undefined) {
    return [`It runs: ${words === "" ? `the command of its image` : words}`];
  }
  const rest = words === "" ? "" : `, with the arguments ${words}`;
  return [
    `It runs this, in ${showUntrusted(it.language ?? "")}${rest}:`,
    "",
    ...codeLines(it.script),
  ];
}

const codeLines = (code: string): readonly string[] =>
  code
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => `  | ${showCode(line)}`);

/** Indentation is a program's own. */
const showCode = (line: string): string => {
  const [indent = ""] = /^[ \t]*/.exec(line) ?? [];
  const rest = line.slice(indent.length);
  return `${indent.replaceAll("\t", "    ")}${rest.replaceAll(/[^ ]+/g, showUntrusted)}`;
};

/** What fits on a screen; `v` and `audit` have all of it. */
const MAX_SHOWN_LINES = 12;

function shortened(script: string | undefined): string | undefined {
  const lines = script?.replace(/\n$/, "").split("\n") ?? [];
  if (lines.length <= MAX_SHOWN_LINES) return script;
  const left = lines.length - MAX_SHOWN_LINES;
  return `${lines.slice(0, MAX_SHOWN_LINES).join("\n")}\n… ${left} more lines`;
}

const bullets = (lines: readonly string[]): readonly string[] => lines.map((line) => `* ${line}`);

function settingLines(it: Package): readonly string[] {
  const limits = Object.entries(it.limits).map(([name, value]) => `${name} ${value}`);
  const own = it.environment.filter((text) => text.includes("="));
  return [
    ...(own.length === 0 ? [] : [`It has these variables: ${own.map(showName).join(" ")}`]),
    ...(limits.length === 0 ? [] : [`Its limits: ${limits.map(showUntrusted).join(", ")}`]),
    ...(it.working_dir === undefined ? [] : [`It starts in ${showName(it.working_dir)}`]),
    `Its terminal: ${it.tty}`,
  ];
}

/** All that it says, a thing a line. */
function textOf({ script, dockerfile, ...rest }: Package): string {
  const lines = Object.entries(rest).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  const codes = Object.entries({ dockerfile, script }).flatMap(([key, code]) =>
    code === undefined ? [] : [`${key}:`, code.replace(/\n$/, "")],
  );
  return `${[...lines, ...codes].join("\n")}\n`;
}

/** As many as somebody reads. */
const MAX_CHANGED_LINES = 200;

function changedLines(before: string, after: string): readonly string[] {
  const { hunks } = structuredPatch("", "", before, after, "", "", { context: 1 });
  const lines = hunks.flatMap(({ lines: all }) => all).filter((line) => !line.startsWith("\\"));
  const shown = lines
    .slice(0, MAX_CHANGED_LINES)
    .map((line) => `${line[0] ?? ""} ${showCode(line.slice(1))}`);
  const left = lines.length - shown.length;
  return left === 0 ? shown : [...shown, `… ${left} more lines`];
}
