/**
 * @module
 * Which subjects a rule is about. What it allows is taken narrowly, what it denies widely.
 */
import type { Subject, SubjectKind } from "../core/permission.ts";
import { hostMatches } from "./net-pattern.ts";
import { expandHome, isWithin, pathMatches } from "./path-pattern.ts";
import type { PathKind, Pattern } from "./rule.ts";

type PathSubject = Extract<Subject, { readonly path: string }>;

/** What may be done to a path where the kind at the left is allowed. */
const alsoAllowed: Readonly<Record<PathKind, readonly SubjectKind[]>> = {
  write: ["write", "read", "list"],
  read: ["read", "list"],
  list: ["list"],
  socket: ["socket"],
};

/** What may not be done to a path where the kind at the left is denied. */
const alsoDenied: Readonly<Record<PathKind, readonly SubjectKind[]>> = {
  read: ["read", "write", "list"],
  write: ["write"],
  list: ["list"],
  socket: ["socket"],
};

/** @param home Absolute and canonical. */
export function isAllowedBy(pattern: Pattern, subject: Subject, home: string): boolean {
  if ("path" in pattern && "path" in subject) {
    const isKind = alsoAllowed[pattern.kind].includes(subject.kind);
    return isKind && pathMatches(pattern.path, subject.path, home);
  }
  return isSameThing(pattern, subject);
}

/** A denied path is denied with all that is below it, however it is written. */
export function isDeniedBy(pattern: Pattern, subject: Subject, home: string): boolean {
  if ("path" in pattern && "path" in subject) {
    const isKind = alsoDenied[pattern.kind].includes(subject.kind);
    return isKind && isWithin(subject.path, expandHome(pattern.path, home));
  }
  return isSameThing(pattern, subject);
}

/** Whether a rule denies something in a folder, so that the folder can't be given as a whole. */
export function deniesWithin(
  pattern: Pattern,
  { kind, folder }: { readonly kind: PathSubject["kind"]; readonly folder: string },
  home: string,
): boolean {
  if (!("path" in pattern)) return false;
  // Whoever is given a folder to read can list it, and whoever writes to it can do both.
  const given = alsoAllowed[kind];
  if (!alsoDenied[pattern.kind].some((each) => given.includes(each))) return false;
  const denied = expandHome(pattern.path, home);
  return isWithin(folder, denied) || isWithin(denied, folder);
}

function isSameThing(pattern: Pattern, subject: Subject): boolean {
  switch (pattern.kind) {
    case "net": {
      if (subject.kind !== "net") return false;
      const isProtocol = pattern.protocol === "any" || pattern.protocol === subject.protocol;
      return (
        isProtocol && isPort(pattern.port, subject.port) && hostMatches(pattern.host, subject.host)
      );
    }
    case "forward":
      return subject.kind === "forward" && isPort(pattern.port, subject.port);
    case "env":
      return subject.kind === "env" && pattern.name === subject.name;
    case "read":
    case "write":
    case "list":
    case "socket":
      return false;
  }
}

const isPort = (pattern: number | "*", port: number): boolean =>
  pattern === "*" || pattern === port;
