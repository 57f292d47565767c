/**
 * @module
 * What happens at the border of a sandbox and is no question, in words.
 */
import type { EgressNote } from "../../../egress/note.ts";

/** Undefined for what nobody needs to be told. */
export function textOfNote(note: EgressNote): string | undefined {
  switch (note.kind) {
    case "other-server-name":
      return `warning: connected to ${note.host}:${note.port}, it asks for \`${note.serverName}\` in TLS: another server than the one that was allowed`;
    case "forbidden":
      return `denied ${note.host}:${note.port}: it leads to ${note.address}, which no answer opens`;
    case "too-many-names":
      return "warning: it looks up more names than a run may have; further ones fail";
    case "too-many-connections":
      return `denied more connections to ${note.host}:${note.port}: too many are open`;
    case "dns-type":
      return undefined;
  }
}

export function textOfForward(port: number, hostPort: number): string {
  const other = hostPort === port ? "" : ` (${port} is taken on this machine)`;
  return `http://127.0.0.1:${hostPort} leads to port ${port} inside${other}`;
}
