import { exchange } from "./exchange.ts";
import { httpCases, toBytes } from "./http-cases.ts";
import { faultOf } from "./judge.ts";
import { fuzz } from "./settings.ts";
import { startServer } from "../http-fixture.ts";
const server = await startServer({
    concurrency: 4, memory: "64GiB", maxQueued: 10_000, prepare: "off", logLevel: "warn",
    server: { bodyLimit: "1MiB", maxFiles: 8, requestTimeout: "2s" },
    limits: { default: { wallTime: "1s" }, max: { wallTime: "2s" } },
    callbacks: { timeout: "500ms", maxAttempts: 1 },
});
await fetch(`${server.url}/v1/languages`);
const c = process.cpuUsage();
const n = await fuzz(1, httpCases(["x"]), async (one) => {
  const { bytes, isWhole } = toBytes(one);
  const { answers } = await exchange({ port: server.port, pieces: [bytes], method: one.method, end: isWhole ? "answer" : "soon" });
  for (const answer of answers) { const f = faultOf(answer, one.wire, one.method); if (f) console.log(f, one.method, one.path, one.headers, one.body.slice(0,200), answer.body.toString().slice(0,300)); }
  await fetch(`${server.url}/health`).then((r) => r.text());
});
const d = process.cpuUsage(c);
console.log(n, (d.user + d.system) / 1000 / n, "ms CPU a case");
await server[Symbol.asyncDispose]();
