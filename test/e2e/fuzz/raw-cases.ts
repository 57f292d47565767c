/**
 * @module
 * Bytes that are no HTTP, or hardly.
 */
import fc from "fast-check";

export interface RawCase {
  readonly pieces: readonly Buffer[];
  /** When the client ends its side. */
  readonly end: "soon" | "now";
}

const body = '{"language":"bash","code":":"}';

const requests = [
  "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n",
  "GET /v1/executions?limit=1 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
  `POST /v1/execute HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  `POST /api/v2/execute HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
  "POST /judge0/submissions HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}",
  "GET /api/v2/connect HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
];

const fragments = [
  ...[
    "GET / HTTP/1.1\r\n",
    "GET / HTTP/9.9\r\n",
    "GET /health\r\n",
    "GET  /health HTTP/1.1\r\n\r\n",
  ],
  ...["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "\r\n", "\n\n\n", "\r", "\0"],
  ...["CONNECT localhost:1 HTTP/1.1\r\nhost: localhost\r\n\r\n", "OPTIONS * HTTP/1.1\r\n"],
  ...[
    "host: localhost\r\n",
    "host: a\r\nhost: b\r\n",
    "content-length: 5\r\n",
    "content-length: 0\r\n",
  ],
  ...[
    "content-length: 99999999999999999999\r\n",
    "content-length: 5, 5\r\n",
    "content-length: 0x5\r\n",
  ],
  ...["transfer-encoding: chunked\r\n", "transfer-encoding: chunked, identity\r\n"],
  ...[
    "transfer-encoding : chunked\r\n",
    " folded\r\n",
    "expect: 100-continue\r\n",
    "upgrade: h2c\r\n",
  ],
  ...["upgrade: websocket\r\nconnection: upgrade\r\n", "connection: close\r\n", ": x\r\n", "x\r\n"],
  ...["5\r\nhello\r\n", "0\r\n\r\n", "ffffffffffffffff\r\n", "-1\r\n", '5;x="\r\n"\r\nhello\r\n'],
  ...[
    "\u0016\u0003\u0001\u0002\0\u0001\0\u0001",
    "\u0081\u0002{}",
    "é",
    `GET /${"a".repeat(20_000)}`,
  ],
  ...[`x: ${"b".repeat(20_000)}\r\n`, "x: y\r\n".repeat(2500), "POST /v1/execute HTTP/1.1\r\n"],
];

/** A range of bytes, and what is put in its place. */
const edit = fc.record({
  at: fc.nat(400),
  removed: fc.oneof(fc.constantFrom(0, 1), fc.nat(40)),
  added: fc.oneof(
    fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(...fragments).map((text) => Buffer.from(text, "latin1")),
  ),
});

const edited: fc.Arbitrary<Buffer> = fc
  .record({
    requests: fc.array(fc.constantFrom(...requests), { minLength: 1, maxLength: 3 }),
    edits: fc.array(edit, { minLength: 1, maxLength: 3 }),
  })
  .map((one) => {
    let bytes = Buffer.from(one.requests.join(""), "latin1");
    for (const { at, removed, added } of one.edits) {
      const start = at % (bytes.byteLength + 1);
      bytes = Buffer.concat([bytes.subarray(0, start), added, bytes.subarray(start + removed)]);
    }
    return bytes;
  });

const assembled: fc.Arbitrary<Buffer> = fc
  .array(fc.constantFrom(...fragments, ...requests), { minLength: 1, maxLength: 6 })
  .map((parts) => Buffer.from(parts.join(""), "latin1"));

const noise: fc.Arbitrary<Buffer> = fc
  .uint8Array({ minLength: 1, maxLength: 200 })
  .map((bytes) => Buffer.from(bytes));

export const rawCases: fc.Arbitrary<RawCase> = fc
  .record({
    bytes: fc.oneof(
      { weight: 5, arbitrary: edited },
      { weight: 4, arbitrary: assembled },
      { weight: 1, arbitrary: noise },
    ),
    cuts: fc.array(fc.nat(300), { maxLength: 3 }),
    end: fc.constantFrom("soon" as const, "now" as const),
  })
  .map(({ bytes, cuts, end }) => ({ pieces: cutAt(bytes, cuts), end }));

/** Some of the pieces may be empty: those are not sent. */
export function cutAt(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = cuts.map((cut) => cut % (bytes.byteLength + 1)).sort((a, b) => a - b);
  return [0, ...places]
    .map((start, index) => bytes.subarray(start, places[index] ?? bytes.byteLength))
    .filter(({ byteLength }) => byteLength > 0);
}
