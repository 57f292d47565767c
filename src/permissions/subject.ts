/**
 * @module
 * Subjects that come from outside, held to their form, and as one line.
 */
import type { Subject } from "../core/permission.ts";
import { normalizeHost } from "./host.ts";
import { isCanonicalPath } from "./path-pattern.ts";
import type { Pattern } from "./rule.ts";

/** With its host normalized; undefined for what is no right subject, and then nobody is to be asked. */
export function checkSubject(subject: Subject): Subject | undefined {
  switch (subject.kind) {
    case "net": {
      const host = normalizeHost(subject.host);
      return host === undefined || !isPort(subject.port) ? undefined : { ...subject, host };
    }
    case "forward":
      return isPort(subject.port) ? subject : undefined;
    case "env":
      return variableForm.test(subject.name) ? subject : undefined;
    case "read":
    case "write":
    case "list":
    case "socket":
      return isCanonicalPath(subject.path) ? subject : undefined;
  }
}

/** What every shell can set. */
export const variableForm = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;

/** Equal for equal subjects, different for different ones. */
export function subjectKey(subject: Subject): string {
  switch (subject.kind) {
    case "net":
      return `net ${subject.protocol} ${subject.port} ${subject.host}`;
    case "forward":
      return `forward ${subject.port}`;
    case "env":
      return `env ${subject.name}`;
    case "read":
    case "write":
    case "list":
    case "socket":
      return `${subject.kind} ${subject.path}`;
  }
}

/** The rule that is about this one thing and no other. */
export function exactPattern(subject: Subject, shorten: (path: string) => string): Pattern {
  return "path" in subject ? { kind: subject.kind, path: shorten(subject.path) } : subject;
}
