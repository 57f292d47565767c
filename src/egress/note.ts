/**
 * @module
 * What happens at the border of a sandbox and is no question: for reports.
 */
import type { NetProtocol } from "../core/permission.ts";

export type EgressNote =
  /** The program asked for records of a kind that is never answered: `MX`, `TXT`, `HTTPS`, … */
  | { readonly kind: "dns-type"; readonly name: string; readonly type: string }
  /** It asked for more names than a run may have. */
  | { readonly kind: "too-many-names"; readonly name: string }
  /** In TLS it named another server than the one that was allowed. It is not stopped. */
  | {
      readonly kind: "other-server-name";
      readonly host: string;
      readonly port: number;
      /** The program's choice, of at most 255 characters that host names have. */
      readonly serverName: string;
    }
  /** It led to a server of Glovebox's, or to an address that no connection can have. */
  | {
      readonly kind: "forbidden";
      readonly protocol: NetProtocol;
      readonly host: string;
      readonly port: number;
      readonly address: string;
    }
  /** More connections, or UDP partners, at a time than a sandbox may have. */
  | {
      readonly kind: "too-many-connections";
      readonly protocol: NetProtocol;
      readonly host: string;
      readonly port: number;
    };

/** Must not throw. */
export type OnNote = (note: EgressNote) => void;

/** Passes on each note once, and no more than so many: programs can cause any number. */
export function notedOnce(onNote: OnNote): OnNote {
  const maxNotes = 1_000;
  const seen = new Set<string>();
  return (note) => {
    const key = JSON.stringify(note);
    if (seen.size >= maxNotes || seen.has(key)) return;
    seen.add(key);
    onNote(note);
  };
}
