/**
 * @module
 * Who takes all that there is of something keeps nobody else from an even share of it.
 */
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rawConnection, rawPost, startServer, type RunningServer } from "./http-fixture.ts";

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const secrets = { many: "secret-of-many-key", one: "secret-of-one-key" };
type Name = keyof typeof secrets;

let server: RunningServer;
beforeAll(async () => {
  server = await startServer(
    {
      server: { auth: "required", bodyLimit: "1MiB", bodyBudget: "2MiB" },
      concurrency: 1,
      executions: { maxPending: 10 },
      storage: { maxSize: "1MiB" },
      // Longer than the test: nobody waits until a place is free by itself.
      callbacks: { allowPrivate: true, timeout: "1m" },
    },
    () => undefined,
    async ({ keyring }) => {
      for (const [name, secret] of Object.entries(secrets))
        await keyring.create({ name, scopes: ["run"], rules: {}, now: Date.now(), secret });
    },
  );
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  expect(server.faults).toEqual([]);
});

const keyOf = (name: Name): string => `authorization: Bearer ${secrets[name]}`;

async function post(path: string, name: Name, body: object) {
  const headers = {
    "content-type": "application/json",
    authorization: `Bearer ${secrets[name]}`,
  };
  const init = { method: "POST", headers, body: JSON.stringify(body) };
  const answer = await fetch(`${server.url}${path}`, init);
  return { status: answer.status, body: (await answer.json()) as { id: string; error: object } };
}

/** @returns Its id; undefined where it was refused for want of room. */
async function submit(name: Name, bytes = 0): Promise<string | undefined> {
  const code = `read line # ${"x".repeat(bytes)}`;
  const { status, body } = await post("/v1/executions", name, {
    language: "bash",
    code,
    interactive: true,
  });
  if (status === 202) return body.id;
  expect(body.error).toMatchObject({ code: "CAPACITY_EXHAUSTED" });
  return undefined;
}

async function cancelAll(ids: readonly (string | undefined)[]): Promise<void> {
  for (const id of ids)
    if (id !== undefined) await server.kept.executions.cancel(id, AbortSignal.timeout(10_000));
  await expect.poll(() => server.kept.executions.pending).toBe(0);
}

test("of the executions that wait", async () => {
  const ids = [];
  for (let count = 0; count < 11; count++) ids.push(await submit("many"));
  expect(ids.map((id) => id !== undefined)).toEqual([...Array<boolean>(10).fill(true), false]);
  const others = [];
  for (let count = 0; count < 6; count++) others.push(await submit("one"));
  expect(others.map((id) => id !== undefined)).toEqual([...Array<boolean>(5).fill(true), false]);
  await cancelAll([...ids, ...others]);
  const again = await submit("many");
  expect(again).toBeDefined();
  await cancelAll([again]);
});

test("of the bytes of those that wait", async () => {
  // 320 KiB as it is kept, in Base64.
  const bytes = 240 * KIB;
  const ids = [];
  for (let count = 0; count < 4; count++) ids.push(await submit("many", bytes));
  expect(ids.map((id) => id !== undefined)).toEqual([true, true, true, false]);
  const others = [await submit("one", bytes), await submit("one", bytes)];
  expect(others.map((id) => id !== undefined)).toEqual([true, false]);
  await cancelAll([...ids, ...others]);
});

test("of the bodies that are being read", async () => {
  const body = { language: "bash", code: `echo ran #${"x".repeat(MIB - 100)}` };
  const held = [0, 1].map(() => {
    const { socket } = rawConnection(server.port);
    socket.write(rawPost("/v1/execute", body, [keyOf("many")]).slice(0, -1));
    return socket;
  });
  await expect.poll(() => server.bytesRead()).toBeGreaterThanOrEqual(2 * (MIB - 100));
  await expect
    .poll(async () => (await post("/v1/execute", "many", body)).status, { timeout: 5000 })
    .toBe(429);
  expect((await post("/v1/execute", "one", body)).status).toBe(200);
  for (const socket of held) socket.destroy();
});

test("of the callbacks that are sent at a time", async () => {
  const called: string[] = [];
  const receiver = createServer(({ url = "" }, answer) => {
    called.push(url);
    // What `many` is told of is swallowed.
    if (url === "/one") answer.end();
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const { port } = receiver.address() as AddressInfo;
  const run = async (name: Name): Promise<unknown> =>
    post("/v1/executions", name, {
      language: "bash",
      code: "true",
      callback_url: `http://127.0.0.1:${port}/${name}`,
    });
  const of = (name: Name): number => called.filter((url) => url === `/${name}`).length;
  for (let count = 0; count < 10; count++) expect(await run("many")).toMatchObject({ status: 202 });
  await expect.poll(() => server.kept.executions.pending).toBe(0);
  await expect.poll(() => of("many")).toBe(4);
  for (let count = 0; count < 6; count++) expect(await run("one")).toMatchObject({ status: 202 });
  await expect.poll(() => of("one"), { timeout: 5000 }).toBe(6);
  expect(of("many")).toBe(4);
  receiver.closeAllConnections();
  receiver.close();
});

test("of the slots, which nobody keeps by not reading", async () => {
  const { body } = await post("/v1/executions", "many", {
    language: "bash",
    code: "head -c 4000000 /dev/zero",
    interactive: true,
    limits: { wall_time_ms: 1000 },
  });
  const far = Array<string>(4).fill("9999999999").join(".");
  const { socket } = rawConnection(server.port);
  const path = `/v1/executions/${body.id}/events?cursor=1.${far}`;
  socket.write([`GET ${path} HTTP/1.1`, "host: localhost", keyOf("many"), "", ""].join("\r\n"));
  const begun = performance.now();
  // It reads all that comes, and nothing comes.
  socket.resume();
  const run = await post("/v1/execute", "one", { language: "bash", code: "echo hi" });
  expect(run.status).toBe(200);
  // A second for the program, five for its reader, of a queue time-out of a minute.
  expect(performance.now() - begun).toBeLessThan(30_000);
  socket.destroy();
});
