import { exchange } from "./exchange.ts";
import { httpCases, toBytes } from "./http-cases.ts";
import { rawCases } from "./raw-cases.ts";
import { socketCases } from "./socket-cases.ts";
import { talk } from "./socket-talk.ts";
import { faultOf } from "./judge.ts";
import { fuzz, seed } from "./settings.ts";
import { startServer } from "../http-fixture.ts";
const parts = (process.env["PARTS"] ?? "http,raw,ws").split(",");
const server = await startServer({
    concurrency: 4, memory: "64GiB", maxQueued: 10_000, prepare: "off", logLevel: "warn",
    server: { bodyLimit: "1MiB", maxFiles: 8, requestTimeout: "2s" },
    limits: { default: { wallTime: "1s" }, max: { wallTime: "2s" } },
    callbacks: { timeout: "500ms", maxAttempts: 1 },
});
process.on("uncaughtException", (e) => note("uncaught " + String(e.stack), current));
process.on("unhandledRejection", (e) => note("unhandled " + String((e as Error).stack), current));
let current: unknown;
const seen = new Map<string, number>();
let base = 0, faults = 0;
function note(text: string, one: unknown) {
  const key = text.slice(0, 60).replace(/[0-9a-f-]{8,}/g, "#");
  const count = (seen.get(key) ?? 0) + 1; seen.set(key, count);
  if (count <= 3) console.log("FAULT", text.slice(0,1200).replace(/\n    at .*node_modules.*/g,'').replace(/\\n/g,' '), JSON.stringify(one, (k, v) => typeof v === "bigint" ? String(v) : v?.type === "Buffer" ? Buffer.from(v.data).toString("latin1").slice(0, 60) : v).slice(0, 1500));
  base = server.log().length; faults = server.faults.length;
}
async function post() {
  const r = await fetch(`${server.url}/health`); if (r.status !== 200) throw new Error("health");
  await r.text();
  const log = server.log().slice(base).split("\n").filter((l) => /"level":[456]0/.test(l));
  if (log.length) { throw new Error("LOG " + log.join("\n")); }
  if (server.faults.length > faults) throw new Error("FAULTS " + String((server.faults.at(-1) as Error).stack));
}
async function guarded(one: unknown, f: () => Promise<void>) {
  current = one; const t = performance.now();
  try { await f(); await post(); } catch (e) { note(String((e as Error).stack), one); }
  if (performance.now() - t > 3000) note(`slow ${Math.round((performance.now() - t) / 1000)}`, one);
}
await (await fetch(`${server.url}/v1/languages`)).text();
console.log("seed", seed);
const submit = async (b: object) => ((await server.post("/v1/executions", b)).body as { id: string }).id;
const ended = await submit({ language: "bash", code: "echo a; echo b >&2" });
const share = 1 / parts.length;
if (parts.includes("http")) console.log("http", await fuzz(share, httpCases([ended]), (one) => guarded(one, async () => {
  const { bytes, isWhole } = toBytes(one);
  const { answers } = await exchange({ port: server.port, pieces: [bytes], method: one.method, end: isWhole ? "answer" : "soon" });
  if (one.wire !== undefined && one.headers.length === 0 && isWhole && answers.length !== 1) throw new Error("no answer");
  for (const answer of answers) { const f = faultOf(answer, one.wire, one.method); if (f) throw new Error(f + " " + answer.status + " " + answer.body.toString().slice(0, 500)); }
})));
if (parts.includes("raw")) console.log("raw", await fuzz(share, rawCases, (one) => guarded(one, async () => {
  const { answers, rest } = await exchange({ port: server.port, pieces: one.pieces, method: "", end: one.end });
  for (const answer of answers) { const f = faultOf(answer, undefined, "GET"); if (f) throw new Error(f + " " + answer.status + " " + answer.body.toString().slice(0, 500)); }
  if (answers.length === 0 && rest.length && !rest.toString("latin1").startsWith("HTTP/1.1 ")) throw new Error("no HTTP: " + rest.toString("latin1").slice(0, 100));
})));
if (parts.includes("ws")) console.log("ws", await fuzz(share, socketCases, (one) => guarded(one, async () => {
  const live = one.path.includes("{live}") ? await submit({ language: "bash", code: "cat", interactive: true, ...(one.isEager ? { tty: { columns: 1, rows: 2 } } : {}) }) : "";
  const f = await talk(one, one.path.replace("{live}", live), server.port);
  if (live) await server.post(`/v1/executions/${live}/cancel`, {});
  if (f) throw new Error(f);
})));
const t = performance.now();
for (;;) { const s = server.service.slotStats(); const l = await (await fetch(`${server.url}/v1/executions?state=running`)).json() as any; const q = await (await fetch(`${server.url}/v1/executions?state=queued`)).json() as any;
 if (s.running === 0 && !l.executions.length && !q.executions.length) { console.log("calm after", Math.round(performance.now() - t)); break; }
 if (performance.now() - t > 20000) { console.log("STUCK", s, l, q); break; } await new Promise((r) => setTimeout(r, 100)); }
console.log([...seen].map(([k, v]) => `${v} ${k}`).join("\n"), process.memoryUsage().rss / 1e6);
await server[Symbol.asyncDispose]();
