/**
 * @module
 * Every wire, asked what nobody would ask. GLOVEBOX_FUZZ_MS is the time of all parts together,
 * GLOVEBOX_FUZZ_SEED repeats a run.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLeftoverCheck, type LeftoverCheck } from "../../helpers/leftovers.ts";
import { exchange } from "./exchange.ts";
import { httpCases, toBytes } from "./http-cases.ts";
import { faultOf } from "./judge.ts";
import { fuzz, seed, totalMs } from "./settings.ts";
import { request, startServer, type RunningServer } from "../http-fixture.ts";

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
    .log().slice(base)
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
  const count = await fuzz(1, httpCases([ended]), async (one) => {
    const t0 = performance.now(); const c0 = process.cpuUsage(); const { bytes, isWhole } = toBytes(one); try {
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
    } catch (error) { note(String(error), one); }
    const ms = performance.now() - t0; const c1 = process.cpuUsage(c0); const cpu=(c1.user+c1.system)/1000; const k=one.method+' '+one.path.split('?')[0]!.slice(0,40).replace(/[0-9a-f-]{20,}/,'#'); const o = costs.get(k) ?? [0,0,0]; costs.set(k,[o[0]!+1,o[1]!+cpu,o[2]!+ms]); if (ms > 1500) note("slow " + Math.round(ms / 1000), one);
  });
  console.info(`fuzz: ${count} requests`); console.info([...costs].sort((a,b)=>b[1][1]!-a[1][1]!).slice(0,30).map(([k,v])=>k+' '+v.map(Math.round).join(' ')).join('\n'));
});

let base = 0; const costs = new Map<string, number[]>();
const seen = new Map<string, number>();
function note(text: string, one: unknown): void {
  const key = text.slice(0, 60).replace(/[0-9a-f-]{8,}/g, "#");
  const count = (seen.get(key) ?? 0) + 1;
  seen.set(key, count);
  if (count <= 2) console.info("FAULT", text.slice(0, 700), JSON.stringify(one).slice(0, 900));
  base = server.log().length;
}
