/**
 * @module
 * Queries and answers of DNS as bytes (RFC 1035, RFC 6891), as far as one question about one name
 * needs them. Queries are of programs that nobody trusts: what is not a query is undefined.
 */

export const recordTypes = { A: 1, PTR: 12, AAAA: 28, OPT: 41, ANY: 255 } as const;

/** What else programs ask for, by name, for people. */
const otherTypes: Readonly<Record<number, string>> = {
  2: "NS",
  5: "CNAME",
  6: "SOA",
  15: "MX",
  16: "TXT",
  33: "SRV",
  35: "NAPTR",
  43: "DS",
  48: "DNSKEY",
  64: "SVCB",
  65: "HTTPS",
  257: "CAA",
};

export const responseCodes = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  noSuchName: 3,
  notImplemented: 4,
} as const;
export type ResponseCode = (typeof responseCodes)[keyof typeof responseCodes];

export interface DnsQuery {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  /** As they came, each a byte a character; at most 255 bytes together. */
  readonly labels: readonly string[];
  readonly type: number;
  readonly class: number;
  /** The question's bytes, which an answer repeats to the letter. */
  readonly question: Buffer;
  /** Whether it has EDNS, which then the answer must have, too. */
  readonly hasEdns: boolean;
}

/** A record about the question's name. */
export interface DnsRecord {
  readonly type: number;
  readonly data: Buffer;
}

const headerBytes = 12;
const maxLabelBytes = 63;
const maxNameBytes = 255;
const pointerToQuestion = Buffer.from([0xc0, headerBytes]);
/** Of type OPT, for the root, saying that 1,232 bytes are taken over UDP. */
const optRecord = Buffer.from([0, 0, recordTypes.OPT, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]);

/** Undefined for what is no query about exactly one name, which gets no answer at all. */
export function decodeQuery(bytes: Buffer): DnsQuery | undefined {
  if (bytes.length < headerBytes) return undefined;
  const flags = bytes.readUInt16BE(2);
  const isResponse = (flags & 0x8000) !== 0;
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) =>
    bytes.readUInt16BE(at),
  );
  if (isResponse || questions !== 1 || answers !== 0 || authorities !== 0) return undefined;
  const name = readName(bytes, headerBytes);
  if (name === undefined || name.end + 4 > bytes.length) return undefined;
  const end = name.end + 4;
  return {
    id: bytes.readUInt16BE(0),
    opcode: (flags >> 11) & 0xf,
    recursionDesired: (flags & 0x100) !== 0,
    labels: name.labels,
    type: bytes.readUInt16BE(name.end),
    class: bytes.readUInt16BE(name.end + 2),
    question: bytes.subarray(headerBytes, end),
    hasEdns: additionals !== 0 && startsWithOpt(bytes.subarray(end)),
  };
}

/** At most 566 bytes: a question, one name, EDNS. */
export function encodeAnswer(
  query: DnsQuery,
  code: ResponseCode,
  records: readonly DnsRecord[],
  ttlSeconds: number,
): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(query.id, 0);
  // An answer, of the authority, that would recurse.
  const recursionDesired = query.recursionDesired ? 0x100 : 0;
  header.writeUInt16BE(0x8480 | (query.opcode << 11) | recursionDesired | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt16BE(query.hasEdns ? 1 : 0, 10);
  const encoded = records.flatMap(({ type, data }) => {
    const fixed = Buffer.alloc(10);
    fixed.writeUInt16BE(type, 0);
    fixed.writeUInt16BE(1, 2);
    fixed.writeUInt32BE(ttlSeconds, 4);
    fixed.writeUInt16BE(data.length, 8);
    return [pointerToQuestion, fixed, data];
  });
  return Buffer.concat([header, query.question, ...encoded, ...(query.hasEdns ? [optRecord] : [])]);
}

/** A name as a record's data. */
export function encodeName(name: string): Buffer {
  const labels = name.split(".").flatMap((label) => {
    const bytes = Buffer.from(label, "latin1");
    return [Buffer.from([bytes.length]), bytes];
  });
  return Buffer.concat([...labels, Buffer.from([0])]);
}

/** `MX`, `TXT`, …; `type 12345` for what has no name here. */
export function typeName(type: number): string {
  const known = Object.entries(recordTypes).find(([, value]) => value === type);
  return known?.[0] ?? otherTypes[type] ?? `type ${type}`;
}

/** In a question a name has nothing before it to point to: a pointer is an attack, or a mistake. */
function readName(
  bytes: Buffer,
  start: number,
): { readonly labels: readonly string[]; readonly end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || length > maxLabelBytes) return undefined;
    at += 1 + length;
    if (at > bytes.length || at - start > maxNameBytes) return undefined;
    if (length === 0) return { labels, end: at };
    labels.push(bytes.toString("latin1", at - length, at));
  }
}

function startsWithOpt(bytes: Buffer): boolean {
  return bytes.length >= optRecord.length && bytes[0] === 0 && bytes.readUInt16BE(1) === 41;
}
