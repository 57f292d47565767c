/**
 * @module
 * Rules as people write them, on the command line and in policy files, and back.
 */
import { invalidRequest } from "../core/errors.ts";
import type { SubjectKind } from "../core/permission.ts";
import { showValue } from "../util/show-value.ts";
import { formatNetPattern, parseNetPattern } from "./net-pattern.ts";
import { expandHome, parsePathPattern, shortenHome } from "./path-pattern.ts";
import { parsePort } from "./port.ts";
import type { Effect, Pattern, Rule } from "./rule.ts";
import { shellQuote } from "./shell-quote.ts";
import { variableForm } from "./subject.ts";

export const subjectKinds = ["net", "read", "write", "list", "socket", "forward", "env"] as const;

export interface PatternText {
  readonly kind: SubjectKind;
  readonly effect: Effect;
  readonly text: string;
  /** What its author called it, for messages: `--allow-net`. */
  readonly origin: string;
}

export interface PatternPlace {
  /** Absolute and canonical. */
  readonly home: string;
  /**
   * Makes an absolute path canonical, where `parsePattern` may look at files, and puts `/` at the end
   * of a folder: see `locatePath`. Absent: it is taken as it is written.
   */
  readonly locate?: (path: string) => string;
  /** Where relative paths start. Absent: there must be none. */
  readonly cwd?: string;
}

/** @throws {GloveboxError} `INVALID_REQUEST` */
export function parsePattern(written: PatternText, place: PatternPlace): Pattern {
  const { kind, effect, text, origin } = written;
  const fail = (why: string): Error => invalidRequest(origin, `${showValue(text)} ${why}.`);
  // An unset variable of a shell script must not come to mean something wider.
  if (text === "") throw invalidRequest(origin, "is empty.");
  switch (kind) {
    case "net": {
      const pattern = parseNetPattern(text, effect);
      if (typeof pattern === "string") throw fail(pattern);
      return pattern;
    }
    case "forward": {
      const port = parsePort(text);
      if (port === undefined) throw fail("is not a port. Write one from 1 to 65535, or `*`");
      return { kind, port };
    }
    case "env":
      if (!variableForm.test(text)) throw fail("is not the name of a variable. Write AWS_PROFILE");
      return { kind, name: text };
    case "read":
    case "write":
    case "list":
    case "socket": {
      const path = readPath(text, place);
      if (path !== undefined) return { kind, path };
      throw fail("is not a path. Write /FILE, ~/FILE, or FOLDER/ for all that is in it");
    }
  }
}

function readPath(text: string, { home, locate, cwd }: PatternPlace): string | undefined {
  const isRelative = !text.startsWith("/") && text !== "~" && !text.startsWith("~/");
  if (isRelative && (cwd === undefined || text.startsWith("~"))) return undefined;
  const pattern = parsePathPattern(isRelative ? `${cwd ?? ""}/${text}` : text, home);
  if (pattern === undefined || locate === undefined) return pattern;
  return shortenHome(locate(expandHome(pattern, home)), home);
}

/** What is behind the flag's `=`: `api.github.com:443`, `~/.aws/`. */
export function formatPattern(pattern: Pattern, effect: Effect): string {
  switch (pattern.kind) {
    case "net":
      return formatNetPattern(pattern, effect);
    case "forward":
      return String(pattern.port);
    case "env":
      return pattern.name;
    case "read":
    case "write":
    case "list":
    case "socket":
      return pattern.path;
  }
}

/** A word for a shell: `--allow-net=api.github.com:443`, `--allow-read='~/.aws/credentials'`. */
export function formatFlag({ effect, pattern }: Pick<Rule, "effect" | "pattern">): string {
  return `--${effect}-${pattern.kind}=${shellQuote(formatPattern(pattern, effect))}`;
}
