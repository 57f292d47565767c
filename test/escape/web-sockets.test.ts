/**
 * @module
 * Attacks on WebSockets below their messages: handshakes that are none, and frames that keep to no rule.
 * Those on the messages of a sandbox are in sandbox-socket.test.ts.
 */
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { request, startServer, type RunningServer } from "../e2e/http-fixture.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({ concurrency: 4, prepare: "off" });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const offer = [
  "connection: upgrade",
  "upgrade: websocket",
  "sec-websocket-version: 13",
  "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
];

const handshake = (path: string, headers: readonly string[] = offer): string =>
  [`GET ${path} HTTP/1.1`, "host: localhost", ...headers, "", ""].join("\r\n");

interface Raw {
  readonly socket: Socket;
  /** All that came, as soon as the server has ended the connection; this side does not. */
  readonly closed: Promise<Buffer>;
}

function open(bytes: string): Raw {
  const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  const chunks: Buffer[] = [];
  // A reset is an end as well; `close` follows.
  socket.on("data", (chunk) => void chunks.push(chunk)).on("error", () => undefined);
  socket.on("end", () => void socket.end());
  const closed = new Promise<Buffer>((resolve) => {
    socket.on("close", () => {
      resolve(Buffer.concat(chunks));
    });
  });
  socket.write(bytes, "latin1");
  return { socket, closed };
}

const attachPath = "/v1/executions/x/attach";
const ordinary = handshake("/health", []);
/** No hook sees it. */
const strange = handshake("/%E0%A4%A", []);
const offerOfOther = ["connection: upgrade", "upgrade: h2c"];

describe("a handshake", () => {
  test.each<[what: string, bytes: string]>([
    ["without a key", handshake(attachPath, offer.slice(0, 3))],
    ["of another version", handshake(attachPath, [...offer.slice(0, 2), "sec-websocket-key: x"])],
    ["to an address that is none", handshake("/v1/executions/%E0%A4%A/attach")],
    ["to a path without end", handshake(`/v1/executions/${"x".repeat(3000)}/attach`)],
    ["to nowhere", handshake("/nowhere")],
  ])("%s is refused in JSON, and its connection ends", async (_what, bytes) => {
    const answer = (await open(bytes).closed).toString("latin1");
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")))).toMatchObject({ error: {} });
  });

  test.each<[what: string, bytes: string]>([
    ["a WebSocket", ordinary + handshake(attachPath)],
    ["h2c", ordinary + handshake("/health", offerOfOther)],
    ["h2c behind an address that is none", strange + handshake("/health", offerOfOther)],
  ])("of %s that does not wait for an earlier answer keeps no connection", async (_what, bytes) => {
    await open(bytes).closed;
    expect((await request(`${server.url}/health`)).status).toBe(200);
  });
});

/** Masked with zeros. */
const frame = (first: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([first, 0x80 | payload.byteLength, 0, 0, 0, 0]), payload]);

test("who follows an execution and takes nothing is ended, whatever it sends", async () => {
  // Its deadline is the longer one of this and 30 s.
  await using impatient = await startServer({
    prepare: "off",
    server: { requestTimeout: "1s" },
    limits: { max: { wallTime: "2m" } },
  });
  const { body } = await impatient.post("/v1/executions", {
    language: "bash",
    code: "yes",
    interactive: true,
    limits: { wall_time_ms: 120_000, cpu_time_ms: 120_000, output_bytes: 16_000_000 },
  });
  const { id } = body as { id: string };
  const sockets = ["pong", "malformed"].map(() => {
    const socket = connect({ port: impatient.port, host: "127.0.0.1" });
    socket.on("error", () => undefined).pause();
    socket.write(handshake(`/v1/executions/${id}/attach`));
    return socket;
  });
  const { clients } = impatient.app.websocketServer;
  await expect.poll(() => clients.size, { timeout: 5_000 }).toBe(2);
  const [pongs, malformed] = sockets;
  malformed?.write(frame(0x81, Buffer.from("{}")));
  const timer = setInterval(() => pongs?.write(frame(0x8a, Buffer.alloc(0))), 1_000);
  try {
    await expect.poll(() => clients.size, { timeout: 40_000, interval: 200 }).toBe(0);
  } finally {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
    await impatient.post(`/v1/executions/${id}/cancel`, {});
  }
}, 60_000);

describe("an execution is not hurt by who follows it with", () => {
  let id = "";
  beforeAll(async () => {
    const body = { language: "bash", code: "cat", interactive: true };
    const answer = await server.post("/v1/executions", {
      ...body,
      limits: { wall_time_ms: 60_000 },
    });
    id = (answer.body as { id: string }).id;
  });
  afterAll(async () => {
    await server.post(`/v1/executions/${id}/cancel`, {});
  });

  const braces = Buffer.from("{}");

  test.each<[what: string, bytes: Buffer, code: number]>([
    ["an unmasked frame", Buffer.from([0x81, 2, 0x7b, 0x7d]), 1002],
    ["reserved bits", frame(0xf1, braces), 1002],
    ["the bit of a compression that nobody offered", frame(0xc1, braces), 1002],
    ["an unknown opcode", frame(0x83, braces), 1002],
    ["a continuation of nothing", frame(0x80, braces), 1002],
    ["a message inside another", Buffer.concat([frame(0x01, braces), frame(0x81, braces)]), 1002],
    ["a ping in fragments", frame(0x09, braces), 1002],
    ["a ping of 126 bytes", Buffer.from("89fe007e00000000", "hex"), 1002],
    ["a close of one byte", frame(0x88, Buffer.from([3])), 1002],
    ["a close with a code that is none", frame(0x88, Buffer.from([0x03, 0xed])), 1002],
    ["a close with a reason that is no UTF-8", frame(0x88, Buffer.from([3, 0xe8, 0xff])), 1007],
    ["text that is no UTF-8", frame(0x81, Buffer.from([0xff, 0xfe])), 1007],
    ["a frame said to be 8 EiB", Buffer.from("82ff7fffffffffffffff00000000", "hex"), 1009],
    ["a frame said to be of a negative length", Buffer.from("82ffffffffffffffffff", "hex"), 1009],
  ])("%s", async (_what, bytes, code) => {
    const { socket, closed } = open(handshake(`/v1/executions/${id}/attach`));
    await new Promise((resolve) => socket.once("data", resolve));
    socket.write(bytes);
    const answer = await closed;
    // The close is the last frame, and has no reason.
    expect([answer.at(-4), answer.subarray(-2).readUInt16BE()]).toEqual([0x88, code]);
    const { body } = await request(`${server.url}/v1/executions/${id}`);
    expect(body).toMatchObject({ state: "running" });
  });
});
