/**
 * @module
 * Every wire, asked what nobody would ask. GLOVEBOX_FUZZ_MS is the time of all parts together,
 * GLOVEBOX_FUZZ_SEED repeats a run. Programs run without a sandbox here: none of them does anything.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLeftoverCheck, type LeftoverCheck } from "../helpers/leftovers.ts";
import { exchange } from "./fuzz/exchange.ts";
import { httpCases, toBytes } from "./fuzz/http-cases.ts";
import { faultOf } from "./fuzz/judge.ts";
import { rawCases } from "./fuzz/raw-cases.ts";
import { fuzz, seed, totalMs } from "./fuzz/settings.ts";
import { socketCases } from "./fuzz/socket-cases.ts";
import { talk } from "./fuzz/socket-talk.ts";
import { request, startServer, type RunningServer } from "./http-fixture.ts";

/** What is under way when the time is over, and its shrinking. */
const timeout = totalMs + 60_000;
const SHARES = { requests: 0.45, bytes: 0.2, sockets: 0.35 };

let server: RunningServer;
let leftovers: LeftoverCheck;
beforeAll(async () => {
  console.info(`GLOVEBOX_FUZZ_SEED=${seed} GLOVEBOX_FUZZ_MS=${totalMs}`);
  leftovers = await createLeftoverCheck();
  server = await startServer({
    concurrency: 4,
    memory: "64GiB",
    maxQueued: 10_000,
    prepare: "off",
    logLevel: "warn",
    server: { bodyLimit: "1MiB", maxFiles: 8, requestTimeout: "2s" },
    limits: { default: { wallTime: "1s" }, max: { wallTime: "2s" } },
    callbacks: { timeout: "500ms", maxAttempts: 1, allowPrivate: true },
  });
  // Which languages there are is found out once, and takes its time.
  await request(`${server.url}/v1/languages`);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  // Other tests have folders of theirs at the same time.
  const own = new RegExp(`^process |-${process.pid}-`);
  expect((await leftovers.find()).filter((thing) => own.test(thing))).toEqual([]);
});

/** @throws {Error} Where a case has hurt the server. */
async function checkServer(): Promise<void> {
  expect((await request(`${server.url}/health`)).status).toBe(200);
  const lines = server.log().split("\n");
  expect(lines.filter((line) => /"level":[56]0/.test(line))).toEqual([]);
  expect(server.faults).toEqual([]);
}

async function submit(body: object): Promise<string> {
  const answer = await server.post("/v1/executions", { language: "bash", ...body });
  expect(answer.status).toBe(202);
  return (answer.body as { id: string }).id;
}

describe("fuzzed", { timeout }, () => {
  test("requests that are nearly right", async () => {
    const ended = await submit({ code: "echo a; echo b >&2" });
    await request(`${server.url}/v1/executions/${ended}?wait=10`);
    const count = await fuzz(SHARES.requests, httpCases([ended]), async (one) => {
      const { bytes, isWhole } = toBytes(one);
      const { wire, method, headers } = one;
      const end = isWhole ? "answer" : "soon";
      const { answers } = await exchange({ port: server.port, pieces: [bytes], method, end });
      if (isWhole && wire !== undefined && headers.length === 0) expect(answers).toHaveLength(1);
      for (const answer of answers) expect(faultOf(answer, wire, method)).toBeUndefined();
      await checkServer();
    });
    expect(count).toBeGreaterThan(0);
  });

  test("bytes that are hardly HTTP", async () => {
    const count = await fuzz(SHARES.bytes, rawCases, async ({ pieces, end }) => {
      const { answers, rest } = await exchange({ port: server.port, pieces, method: "", end });
      for (const answer of answers) expect(faultOf(answer, undefined, "GET")).toBeUndefined();
      // The last one can be cut: the client ended its side.
      if (answers.length === 0) expect(rest.toString("latin1")).toMatch(/^($|HTTP\/1\.1 )/);
      await checkServer();
    });
    expect(count).toBeGreaterThan(0);
  });

  test("WebSockets", async () => {
    const count = await fuzz(SHARES.sockets, socketCases, async (one) => {
      const isLive = one.path.includes("{live}");
      const tty = one.isEager ? { tty: { columns: 80, rows: 25 } } : {};
      const id = isLive ? await submit({ code: "cat", interactive: true, ...tty }) : "";
      expect(await talk(one, one.path.replace("{live}", id), server.port)).toBeUndefined();
      if (isLive) await server.post(`/v1/executions/${id}/cancel`, {});
      await checkServer();
    });
    expect(count).toBeGreaterThan(0);
  });

  test("and nothing is left running, or waiting", async () => {
    const unended = async (): Promise<unknown> => {
      const lists = await Promise.all(
        ["queued", "running"].map((state) => request(`${server.url}/v1/executions?state=${state}`)),
      );
      return lists.map(({ body }) => (body as { executions: unknown[] }).executions);
    };
    await expect.poll(unended, { timeout: 20_000 }).toEqual([[], []]);
    await expect
      .poll(() => server.service.slotStats(), { timeout: 20_000 })
      .toMatchObject({ running: 0, waiting: 0 });
  });
});

const health = ["GET /health HTTP/1.1", "host: localhost"];

test.each<[string, readonly string[], number]>([
  ["an expectation of no known kind", [...health, "expect: x"], 200],
  ["no host", health.slice(0, 1), 400],
  ["no host in HTTP/1.0", ["GET /health HTTP/1.0"], 403],
  ["a WebSocket's path, plainly", ["GET /v1/executions/x/attach HTTP/1.1", "host: localhost"], 400],
])("has an answer of ours, not Node's: %s", async (_what, lines, status) => {
  const bytes = Buffer.from([...lines, "", ""].join("\r\n"));
  const { port } = server;
  const { answers } = await exchange({ port, pieces: [bytes], method: "GET", end: "answer" });
  const [answer] = answers;
  expect(answer?.status).toBe(status);
  expect(answer && faultOf(answer, "native", "GET")).toBeUndefined();
});
