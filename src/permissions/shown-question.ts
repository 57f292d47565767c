/**
 * @module
 * Adds to a question what whoever answers it should know.
 */
import { randomUUID } from "node:crypto";
import { posix } from "node:path";
import type { Question } from "../core/permission.ts";
import type { ShownQuestion } from "./asker.ts";
import { entryOf, holdsEntries, meaningOf } from "./meaning.ts";
import { shortenHome } from "./path-pattern.ts";
import type { Pattern } from "./rule.ts";
import { exactPattern } from "./subject.ts";

/** @param home Absolute and canonical. */
export function showQuestion(
  question: Question,
  home: string,
  env: NodeJS.ProcessEnv,
): ShownQuestion {
  const { subject } = question;
  // Of an address both say whose it is.
  const isSaid =
    subject.kind === "net" && question.because?.startsWith(`${subject.host} is `) === true;
  const meaning = isSaid ? undefined : meaningOf(subject, { home, env });
  const folder = folderAround(subject, home);
  return {
    ...question,
    id: randomUUID(),
    pattern: exactPattern(subject, (path) => shortenHome(path, home)),
    ...(meaning !== undefined && { meaning }),
    ...(folder !== undefined && { folder }),
  };
}

/**
 * `~/.aws/` of `~/.aws/credentials`: all of what the profile names, else the folder it is in. Never one
 * that holds secrets of another kind, and none that a person would not name: `/`, `/etc`, home itself.
 */
function folderAround(subject: Question["subject"], home: string): Pattern | undefined {
  if (!("path" in subject) || subject.kind === "socket") return undefined;
  const entry = entryOf(subject.path, home);
  const isOwnEntry = entry === undefined || entry.path === subject.path;
  const folder =
    subject.kind === "list" ? subject.path : isOwnEntry ? posix.dirname(subject.path) : entry.path;
  const isDeep = folder.split("/").length > 2;
  if (!isDeep || holdsEntries(folder, home)) return undefined;
  return { kind: subject.kind, path: `${shortenHome(folder, home)}/` };
}
