/**
 * @module
 * WebSockets: handshakes, messages and frames that are nearly right.
 */
import fc from "fast-check";
import { nearlyJson } from "./json-mutation.ts";
import { oddUrlPart } from "./odd-values.ts";

export interface Frame {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly reserved: number;
  readonly isMasked: boolean;
  /** What it says of its length, in place of the truth. */
  readonly length?: bigint;
  readonly payload: Buffer;
}

/** `wait`: until the server says something, or not. */
export type Step = Frame | "wait";

export interface SocketCase {
  /** `{live}` stands for an execution that runs. */
  readonly path: string;
  readonly method: string;
  readonly headers: readonly string[];
  readonly steps: readonly Step[];
  /** Whether the first frames come with the handshake. */
  readonly isEager: boolean;
  readonly end: "close" | "half" | "reset" | "cut";
}

const OPCODES = { text: 1, binary: 2, close: 8, ping: 9 } as const;

const frame = (opcode: number, payload: Buffer): Frame => {
  return { opcode, isFinal: true, reserved: 0, isMasked: true, payload };
};

const usualHeaders = [
  "connection: upgrade",
  "upgrade: websocket",
  "sec-websocket-version: 13",
  "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
];

const headers: fc.Arbitrary<readonly string[]> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(usualHeaders) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...[0, 1, 2, 3].map((left) => usualHeaders.filter((_line, index) => index !== left)),
      ...[
        ...["sec-websocket-version: 0", "sec-websocket-key: x", "sec-websocket-protocol: a,,a"],
        ...['sec-websocket-extensions: permessage-deflate; x="', "content-length: 5"],
        ...["sec-websocket-extensions: permessage-deflate", "transfer-encoding: chunked"],
        ...["origin: http://evil.example", "host: evil.example", "upgrade: h2c", "expect: x"],
        ...["sec-websocket-protocol: key, x", "content-type: x"],
      ].map((line) => [...usualHeaders, line]),
    ),
  },
);

const limits = { memory_bytes: 67_108_864, processes: 8, disk_bytes: 1_048_576, open_files: 32 };
const command = {
  argv: ["true", "a"],
  env: { PATH: "/usr/bin:/bin" },
  cwd: "/workspace",
  stdin: "stream",
  limits: { wall_time_ms: 500, cpu_time_ms: 500, output_bytes: 1024 },
  on_output_limit: "truncate",
};
const create = {
  type: "create",
  sandbox: { network: "none", limits, enforcement: "best-effort" },
};
const pistonInit = {
  type: "init",
  language: "bash",
  version: "*",
  files: [{ content: "read a; echo $a" }],
  run_timeout: 500,
};

type Word = object | Buffer | "wait";

const scripts: Readonly<Record<string, readonly Word[]>> = {
  "/v1/sandbox": [
    create,
    { type: "file", turn: 0, path: "a", executable: false, bytes: 1 },
    Buffer.from([1, 0, 0, 0, 0, 97]),
    { type: "start" },
    "wait",
    { type: "exec", turn: 1, command },
    Buffer.from([2, 0, 0, 0, 1, 97]),
    { type: "kill", turn: 1, signal: "SIGTERM" },
    { type: "resize", turn: 1, columns: 80, rows: 25 },
    { type: "taken", turn: 1, stream: "stdout", bytes: 1 },
    { type: "stdin_end", turn: 1 },
    "wait",
    { type: "collect", turn: 2, paths: ["a"], max_files: 1, max_bytes: 10 },
    { type: "cancel", turn: 2 },
    { type: "destroy" },
  ],
  "/api/v2/connect": [
    pistonInit,
    "wait",
    { type: "data", stream: "stdin", data: "a\n" },
    { type: "signal", signal: "SIGTERM" },
    { type: "eof" },
    "wait",
  ],
  "/v1/executions/{live}/attach": [
    "wait",
    { type: "stdin", data: "a", encoding: "utf8" },
    { type: "resize", columns: 80, rows: 25 },
    { type: "signal", signal: "SIGWINCH" },
    { type: "eof" },
    "wait",
  ],
  "/v1/languages": [{ type: "eof" }],
  "/nowhere": [{ type: "eof" }],
};

const flaws: fc.Arbitrary<Partial<Frame>> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Partial<Frame>>(
      ...[1, 2, 4, 7].map((reserved) => ({ reserved })),
      ...[0, 2, 3, 7, 8, 9, 10, 11, 15].map((opcode) => ({ opcode })),
      { isFinal: false },
      { isMasked: false },
      ...[0n, 1n, 127n, 65_536n, 2n ** 20n + 1n, 2n ** 31n, 2n ** 63n - 1n, 2n ** 64n - 1n].map(
        (length) => ({ length }),
      ),
    ),
  },
);

const oddFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.constantFrom(
    frame(OPCODES.text, Buffer.from([0xff, 0xfe])),
    frame(OPCODES.text, Buffer.alloc(0)),
    frame(OPCODES.text, Buffer.alloc(70_000, "[")),
    frame(OPCODES.binary, Buffer.alloc(0)),
    frame(OPCODES.binary, Buffer.alloc(5, 255)),
    frame(OPCODES.binary, Buffer.alloc(70_000, 1)),
    frame(OPCODES.ping, Buffer.alloc(125)),
    frame(OPCODES.ping, Buffer.alloc(126)),
    frame(OPCODES.close, Buffer.from([3])),
    frame(OPCODES.close, Buffer.from([0x03, 0xe8])),
    frame(OPCODES.close, Buffer.from([0x03, 0xed])),
    frame(OPCODES.close, Buffer.from([0xff, 0xff])),
    frame(OPCODES.close, Buffer.from([0x03, 0xe8, 0xff])),
    frame(OPCODES.close, Buffer.alloc(200, 0x0f)),
  ),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => frame(OPCODES.binary, Buffer.from(bytes))),
);

function stepsOf(word: Word): fc.Arbitrary<readonly Step[]> {
  if (word === "wait") return fc.constant(["wait"]);
  const right: fc.Arbitrary<Frame> = Buffer.isBuffer(word)
    ? fc.constant(frame(OPCODES.binary, word))
    : fc
        .oneof(
          { weight: 5, arbitrary: fc.constant(JSON.stringify(word)) },
          { weight: 2, arbitrary: nearlyJson(word) },
        )
        .map((text) => frame(OPCODES.text, Buffer.from(text)));
  const flawed = fc.tuple(right, flaws).map(([one, flaw]): Step[] => [{ ...one, ...flaw }]);
  return fc.oneof(
    { weight: 16, arbitrary: flawed },
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: right.map((one) => [one, one]) },
    { weight: 1, arbitrary: right.map((one) => inPieces(one)) },
    { weight: 2, arbitrary: fc.tuple(oddFrame, right).map(([odd, one]) => [odd, one]) },
  );
}

/** With a ping between its two fragments. */
function inPieces({ payload, ...rest }: Frame): Step[] {
  const middle = payload.byteLength >> 1;
  return [
    { ...rest, isFinal: false, payload: payload.subarray(0, middle) },
    frame(OPCODES.ping, Buffer.from("?")),
    { ...rest, opcode: 0, payload: payload.subarray(middle) },
  ];
}

function casesOf(path: string, words: readonly Word[]): fc.Arbitrary<SocketCase> {
  return fc.record({
    path: fc.oneof(
      { weight: 10, arbitrary: fc.constant(path) },
      { weight: 1, arbitrary: oddUrlPart.map((odd) => `${path}?cursor=${odd}`) },
      { weight: 1, arbitrary: oddUrlPart.map((odd) => path.replace("{live}", odd)) },
    ),
    method: fc.oneof(
      { weight: 20, arbitrary: fc.constant("GET") },
      { weight: 1, arbitrary: fc.constantFrom("POST", "HEAD", "DELETE", "OPTIONS") },
    ),
    headers,
    steps: fc
      .tuple(fc.tuple(...words.map(stepsOf)), fc.nat(words.length))
      // Most go to the end, so that what comes late is reached as well.
      .map(([steps, left]) => (left % 2 === 0 ? steps : steps.slice(0, left)).flat()),
    isEager: fc.boolean(),
    end: fc.constantFrom("close", "half", "reset", "cut"),
  });
}

export const socketCases: fc.Arbitrary<SocketCase> = fc.oneof(
  ...Object.entries(scripts).map(([path, words]) => ({
    weight: words.length,
    arbitrary: casesOf(path, words),
  })),
);

export function encodeFrame({
  opcode,
  isFinal,
  reserved,
  isMasked,
  length,
  payload,
}: Frame): Buffer {
  const said = length ?? BigInt(payload.byteLength);
  const form = said < 126n ? Number(said) : said < 65_536n ? 126 : 127;
  const head = Buffer.alloc(2 + (form === 126 ? 2 : form === 127 ? 8 : 0) + (isMasked ? 4 : 0));
  head.writeUInt8((isFinal ? 0x80 : 0) | (reserved << 4) | opcode, 0);
  head.writeUInt8((isMasked ? 0x80 : 0) | form, 1);
  if (form === 126) head.writeUInt16BE(Number(said), 2);
  if (form === 127) head.writeBigUInt64BE(said, 2);
  // The mask is all zeros.
  return Buffer.concat([head, payload]);
}
