/**
 * @module
 * Subjects in words for people, safe to show.
 */
import type { Subject } from "../core/permission.ts";
import { shortenHome } from "./path-pattern.ts";
import { showName } from "./show-untrusted.ts";

export interface DescribedSubject {
  /** `connect to` */
  readonly verb: string;
  /** `api.github.com:443`; without what could act on a terminal, of any length. */
  readonly object: string;
}

/** @param home Absolute and canonical. */
export function describeSubject(subject: Subject, home: string): DescribedSubject {
  switch (subject.kind) {
    case "net": {
      const endpoint = formatEndpoint(subject);
      return subject.protocol === "tcp"
        ? { verb: "connect to", object: endpoint }
        : { verb: "send UDP to", object: endpoint };
    }
    case "read":
      return { verb: "read", object: showPath(subject.path, home) };
    case "write":
      return { verb: "change", object: showPath(subject.path, home) };
    case "list":
      return { verb: "see the names in", object: showPath(subject.path, home) };
    case "socket":
      return { verb: "use the socket", object: showPath(subject.path, home) };
    case "forward":
      return { verb: "be reached on port", object: String(subject.port) };
    case "env":
      return { verb: "know the variable", object: showName(subject.name) };
  }
}

export function showPath(path: string, home: string): string {
  return showName(shortenHome(path, home));
}

export function formatEndpoint({ host, port }: { host: string; port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
