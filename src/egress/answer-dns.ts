/**
 * @module
 * What a program is answered that asks for a name. Nothing is looked up for it.
 */
import { isIPv4 } from "node:net";
import {
  decodeQuery,
  encodeAnswer,
  encodeName,
  recordTypes,
  responseCodes,
  typeName,
  type DnsQuery,
  type DnsRecord,
  type ResponseCode,
} from "./dns-message.ts";
import { hostNameOf, isSynthetic, type Names } from "./names.ts";
import type { OnNote } from "./note.ts";

interface Answer {
  readonly code: ResponseCode;
  readonly records: readonly DnsRecord[];
}

/** Short: an address is good for one run only, but a name keeps it for that long. */
const ttlSeconds = 60;
const internetClass = 1;
const noSuchName: Answer = { code: responseCodes.noSuchName, records: [] };
/** The name is there, but has no such record. */
const nothing: Answer = { code: responseCodes.noError, records: [] };

/** Undefined for what is no query: it gets no answer. Does not throw. */
export function answerDns(bytes: Buffer, names: Names, onNote: OnNote): Buffer | undefined {
  const query = decodeQuery(bytes);
  if (query === undefined) return undefined;
  const { code, records } = answerOf(query, names, onNote);
  return encodeAnswer(query, code, records, ttlSeconds);
}

function answerOf(query: DnsQuery, names: Names, onNote: OnNote): Answer {
  const isStandardQuery = query.opcode === 0 && query.class === internetClass;
  if (!isStandardQuery) return { code: responseCodes.notImplemented, records: [] };
  const labels = query.labels.map((label) => label.toLowerCase());
  const top = labels.at(-1);
  if (top === "localhost") return answerLocalhost(query.type);
  if (top === "arpa") return answerReverse(labels, query.type, names);
  const name = hostNameOf(labels);
  // Kept for names that nobody has (RFC 6761), and for those that no resolver may be asked (RFC 7686).
  if (name === undefined || top === "invalid" || top === "onion") return noSuchName;
  return answerName(name, query.type, names, onNote);
}

function answerName(name: string, type: number, names: Names, onNote: OnNote): Answer {
  if (type === recordTypes.AAAA) return nothing;
  if (type !== recordTypes.A && type !== recordTypes.ANY) {
    onNote({ kind: "dns-type", name, type: typeName(type) });
    return nothing;
  }
  const address = names.addressOf(name);
  if (address !== undefined) return found(recordTypes.A, addressBytes(address));
  onNote({ kind: "too-many-names", name });
  return { code: responseCodes.serverFailure, records: [] };
}

/** Inside, as everywhere: the program's own loopback. */
function answerLocalhost(type: number): Answer {
  if (type === recordTypes.A) return found(type, addressBytes("127.0.0.1"));
  if (type === recordTypes.AAAA) return found(type, Buffer.concat([Buffer.alloc(15), one]));
  return nothing;
}

const one = Buffer.from([1]);

/** `7.0.18.198.in-addr.arpa`: what has the address 198.18.0.7. */
function answerReverse(labels: readonly string[], type: number, names: Names): Answer {
  const address = labels.slice(0, -2).reverse().join(".");
  if (labels.at(-2) !== "in-addr" || !isIPv4(address)) return noSuchName;
  const name = isSynthetic(address)
    ? names.nameOf(address)
    : address === "127.0.0.1"
      ? "localhost"
      : undefined;
  if (name === undefined) return noSuchName;
  return type === recordTypes.PTR ? found(type, encodeName(name)) : nothing;
}

function found(type: number, data: Buffer): Answer {
  return { code: responseCodes.noError, records: [{ type, data }] };
}

function addressBytes(address: string): Buffer {
  return Buffer.from(address.split(".").map(Number));
}
