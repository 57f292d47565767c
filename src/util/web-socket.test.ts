/**
 * @module
 * Sockets whose other side takes nothing, or whose input nobody takes.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { createInputGate, sendMessage, type InputGate } from "./web-socket.ts";

const open: { terminate(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.terminate();
});

interface Pair {
  readonly client: WebSocket;
  readonly server: WebSocket;
  /** How the server's side ended. */
  readonly closed: Promise<number>;
}

async function connect(): Promise<Pair> {
  const listener = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  client.on("error", () => undefined);
  const [[server]] = (await Promise.all([once(listener, "connection"), once(client, "open")])) as [
    [WebSocket],
    unknown,
  ];
  server.on("error", () => undefined);
  open.push(client, server);
  listener.close();
  return { client, server, closed: once(server, "close").then(([code]) => code as number) };
}

test("who takes nothing in time loses the connection", async () => {
  const { client, server, closed } = await connect();
  await sendMessage(server, "taken", 200);
  client.pause();
  const sinceMs = performance.now();
  const sent = Promise.all(
    Array.from({ length: 64 }, async () => sendMessage(server, Buffer.alloc(1 << 20), 200)),
  );
  expect(await closed).toBe(1006);
  await sent;
  expect(performance.now() - sinceMs).toBeLessThan(5_000);
});

const messageBytes = 900_000;

interface Held {
  readonly releases: (() => void)[];
  readonly texts: string[];
}

/** Holds all bytes until they are released; texts are not held. */
function holdAll(server: WebSocket, gate: InputGate = createInputGate(server)): Held {
  const held: Held = { releases: [], texts: [] };
  server.on("message", (data: Buffer, isBinary: boolean) => {
    if (isBinary) held.releases.push(gate.hold(data.byteLength));
    else held.texts.push(data.toString());
  });
  return held;
}

function sendInput(client: WebSocket, count: number): void {
  for (let index = 0; index < count; index++) client.send(Buffer.alloc(messageBytes));
}

test("input that nobody takes is bounded, and all of it comes when somebody does", async () => {
  const { client, server } = await connect();
  const { releases, texts } = holdAll(server);
  sendInput(client, 20);
  client.send("behind");
  await expect.poll(() => releases.length, { timeout: 5_000 }).toBeGreaterThanOrEqual(4);
  await new Promise((resolve) => setTimeout(resolve, 1_600));
  expect(releases.length * messageBytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  expect(server.isPaused).toBe(true);
  for (let taken = 0; taken < 20; taken++) {
    await expect.poll(() => releases.length, { timeout: 2_000, interval: 5 }).toBeGreaterThan(0);
    releases.shift()?.();
  }
  await expect.poll(() => texts).toEqual(["behind"]);
});

test.each([
  [1, 500],
  [3, 2_500],
])("what is behind %i messages that nobody takes is seen in %i ms", async (count, withinMs) => {
  const { client, server } = await connect();
  const { texts } = holdAll(server);
  sendInput(client, count);
  client.send("behind");
  await expect.poll(() => texts, { timeout: withinMs }).toEqual(["behind"]);
});

test.each<[end: "terminate" | "close", count: number]>([
  ["terminate", 20],
  ["close", 3],
])("%s behind %i messages ends the connection", async (end, count) => {
  const { client, server, closed } = await connect();
  holdAll(server);
  sendInput(client, count);
  await new Promise((resolve) => setTimeout(resolve, 300));
  client[end]();
  await expect(
    Promise.race([
      closed,
      new Promise((_resolve, reject) => setTimeout(reject, 3_000, new Error("not seen"))),
    ]),
  ).resolves.toEqual(expect.any(Number));
});

test("connections to one place share what may wait there", async () => {
  const backlog = { bytes: 0 };
  const pairs = await Promise.all([connect(), connect()]);
  const [first, second] = pairs.map(({ server }) =>
    holdAll(server, createInputGate(server, backlog)),
  );
  for (const { client } of pairs) sendInput(client, 8);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(backlog.bytes).toBeLessThan(5 * 1024 * 1024);
  let taken = 0;
  const take = (): number => {
    for (const release of [first, second].flatMap((held) => held?.releases.splice(0) ?? [])) {
      release();
      taken++;
    }
    return taken;
  };
  await expect.poll(take, { timeout: 8_000, interval: 10 }).toBe(16);
  expect(backlog.bytes).toBe(0);
});
