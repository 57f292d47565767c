/**
 * @module
 * What the launcher tells about calls that wait, see native/launcher/README.md, "Asking". It comes from
 * our own program, and is checked like anything else that crosses a process boundary; by hand, because
 * every run with questions would wait for a library to load.
 */
import { isIP } from "node:net";
import type { AskingProcess, NetProtocol } from "../../../core/permission.ts";

interface Endpoint {
  readonly protocol: NetProtocol;
  readonly address: string;
  readonly port: number;
}

/** Undefined where there is no such process any more. */
interface Caller {
  readonly process: AskingProcess | undefined;
}

export type AskEvent =
  /** A call that waits for `answer`. */
  | ({ readonly event: "connect"; readonly id: string } & Caller & Endpoint)
  /** The same, to a Unix socket: the `number`th `ask-socket` of the plan. */
  | ({ readonly event: "socket-path"; readonly id: string; readonly number: number } & Caller)
  /** Nobody waits for its answer any more. */
  | { readonly event: "gone"; readonly id: string }
  /** A program listens; it does not wait. */
  | ({ readonly event: "listen"; readonly id: string } & Caller & Endpoint)
  /** Of a `socket` message, with the socket where `error` is 0; of a `grant` message. */
  | { readonly event: "socket" | "granted"; readonly id: string; readonly error: number }
  /** Of a `who` message. */
  | ({ readonly event: "who"; readonly id: string } & Caller);

/** Undefined for what the launcher never says. */
export function parseEvent(message: unknown): AskEvent | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const fields = message as Fields;
  const { event, id } = fields;
  if (typeof id !== "string" || !/^[0-9]{1,20}$/.test(id)) return undefined;
  try {
    switch (event) {
      case "connect":
      case "listen":
        return { event, id, ...callerOf(fields), ...endpointOf(fields) };
      case "socket-path":
        return { event, id, ...callerOf(fields), number: numberOf(fields, "number") };
      case "gone":
        return { event, id };
      case "socket":
      case "granted":
        return { event, id, error: numberOf(fields, "error") };
      case "who":
        return { event, id, ...callerOf(fields) };
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>> & {
  readonly event?: unknown;
  readonly id?: unknown;
};

function numberOf(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`${name} is no number`);
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === "string" && /^([0-9a-f]{2})*$/.test(value)) {
    return Buffer.from(value, "hex").toString("utf8");
  }
  throw new Error(`${name} is not in hexadecimal digits`);
}

function callerOf(fields: Fields): Caller {
  const pid = numberOf(fields, "pid");
  const [name, executable] = [textOf(fields, "name"), textOf(fields, "executable")];
  return { process: pid === 0 ? undefined : { pid, name, executable } };
}

function endpointOf(fields: Fields): Endpoint {
  const { protocol, address } = fields;
  const port = numberOf(fields, "port");
  const isKnown = protocol === "tcp" || protocol === "udp";
  if (!isKnown || typeof address !== "string" || isIP(address) === 0 || port > 65_535) {
    throw new Error("no endpoint");
  }
  return { protocol, address, port };
}
