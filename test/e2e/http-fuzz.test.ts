/**
 * @module
 * Every wire, asked what nobody would ask. GLOVEBOX_FUZZ_MS is the time of all parts together,
 * GLOVEBOX_FUZZ_SEED repeats a run.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLeftoverCheck, type LeftoverCheck } from "../helpers/leftovers.ts";
import { exchange } from "./fuzz/exchange.ts";
import { httpCases, toBytes } from "./fuzz/http-cases.ts";
import { faultOf } from "./fuzz/judge.ts";
import { fuzz, seed, totalMs } from "./fuzz/settings.ts";
import { request, startServer, type RunningServer } from "./http-fixture.ts";

const TIMEOUT_MS = totalMs + 60_000;

let server: RunningServer;
let leftovers: LeftoverCheck;
beforeAll(async () => {
  console.info(`fuzz: GLOVEBOX_FUZZ_SEED=${seed} GLOVEBOX_FUZZ_MS=${totalMs}`);
  leftovers = await createLeftoverCheck();
  server = await startServer({
    concurrency: 4,
    memory: "64GiB",
    maxQueued: 10_000,
    prepare: "off",
    logLevel: "warn",
    server: { bodyLimit: "1MiB", maxFiles: 8, requestTimeout: "2s" },
    limits: { default: { wallTime: "1s" }, max: { wallTime: "2s" } },
    callbacks: { timeout: "500ms", maxAttempts: 1 },
  });
  // Which languages there are is found out once, and takes its time.
  await request(`${server.url}/v1/languages`);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  expect(await leftovers.find()).toEqual([]);
});

/** @throws {Error} Where a case has hurt the server. */
async function checkServer(): Promise<void> {
  const { status } = await request(`${server.url}/health`);
  expect(status).toBe(200);
  const errors = server
    .log()
    .split("\n")
    .filter((line) => /"level":[5-9]0/.test(line));
  expect(errors).toEqual([]);
  expect(server.faults).toEqual([]);
}

async function submit(body: object): Promise<string> {
  const answer = await server.post("/v1/executions", body);
  expect(answer.status).toBe(202);
  return (answer.body as { id: string }).id;
}

test("requests that are nearly right", { timeout: TIMEOUT_MS }, async () => {
  const ended = await submit({ language: "bash", code: "echo a; echo b >&2" });
  await request(`${server.url}/v1/executions/${ended}?wait=10`);
  const count = await fuzz(0.45, httpCases([ended]), async (one) => {
    const { bytes, isWhole } = toBytes(one);
    const { port } = server;
    const end = isWhole ? "answer" : "soon";
    const { answers } = await exchange({ port, pieces: [bytes], method: one.method, end });
    const isPlain = one.wire !== undefined && one.headers.length === 0;
    if (isPlain && isWhole) expect(answers).toHaveLength(1);
    for (const answer of answers) {
      const fault = faultOf(answer, one.wire, one.method);
      if (fault !== undefined) throw new Error(`${fault}: ${answer.body.toString("utf8")}`);
    }
    await checkServer();
  });
  console.info(`fuzz: ${count} requests`);
});
