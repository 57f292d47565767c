import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { frameOf, kinds } from "./frames.ts";
import { packRun, type RunMessage } from "./messages.ts";
import { openSession, type Session } from "./session.ts";

let folder: string;
let server: Server;
const sessions: Session[] = [];
const clients: Socket[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-session-test-"));
  const options = {
    surroundings: "ours",
    refusal: () => undefined,
    figures: () => ({ pool: null, destroying: 0 }),
    createService: () => {
      throw new Error("not asked for");
    },
    onEnd: () => undefined,
  };
  server = createServer((socket) => void sessions.push(openSession(socket, options)));
  server.listen(join(folder, "socket"));
  await once(server, "listening");
});
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  sessions.length = 0;
  server.close();
  rmSync(folder, { recursive: true });
});

/** Its own end stays open, whatever the server does. */
async function openClient(): Promise<Socket> {
  const client = connect({ path: join(folder, "socket"), allowHalfOpen: true });
  clients.push(client);
  await once(client, "connect");
  return client;
}

async function areOver(): Promise<boolean> {
  const all = Promise.all(sessions.map(({ ended }) => ended)).then(() => true);
  return Promise.race([all, sleep(5000, false)]);
}

test("who has an answer and stays has no place any more, and keeps no server that stops", async () => {
  const client = await openClient();
  client.write(frameOf(kinds.wantFigures, Buffer.from("alien")));
  await once(client, "data");
  expect(sessions.map((session) => session.isDone())).toEqual([true]);
  for (const session of sessions) session.stop();
  expect(await areOver()).toBe(true);
});

test("what is named by a path is never opened for who asks", async () => {
  const program = { kind: "command", argv: ["cat"] } as const;
  const request = { program, args: [], env: {}, network: { mode: "none" } };
  const paths = { hostPath: "/root", access: "ro" };
  for (const more of [
    { hostPipes: { stdin: "/root/.ssh/id_rsa" } },
    { lent: [paths] },
    { permissions: { shown: ["/root"] } },
    { program: { ...program, workspace: paths } },
    { program: { kind: "code", language: "bash", files: [], workspace: paths } },
  ]) {
    const client = await openClient();
    const message = { surroundings: "ours", stdin: "empty", request: { ...request, ...more } };
    client.write(frameOf(kinds.run, ...packRun(message as unknown as RunMessage)));
    const [answer] = (await once(client, "data")) as [Buffer];
    expect(answer.toString("latin1", 4)).toBe(
      `${String.fromCharCode(kinds.refused)}it does not make such runs`,
    );
  }
});

test("who says nothing, or half a message, does not keep a server that stops", async () => {
  await openClient();
  const half = await openClient();
  half.write(frameOf(kinds.run, Buffer.alloc(100)).subarray(0, 50));
  await sleep(50);
  expect(sessions).toHaveLength(2);
  for (const session of sessions) session.stop();
  expect(await areOver()).toBe(true);
});

test("an answer is there to be read when the server has stopped", async () => {
  const client = await openClient();
  client.pause();
  client.write(frameOf(kinds.wantFigures, Buffer.from("alien")));
  await sleep(200);
  for (const session of sessions) session.stop();
  expect(await areOver()).toBe(true);
  const chunks: Buffer[] = [];
  client.on("data", (chunk: Buffer) => chunks.push(chunk)).resume();
  await once(client, "end");
  expect(Buffer.concat(chunks).toString()).toContain("not of the same build");
});
