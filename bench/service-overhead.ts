/**
 * @module
 * What HTTP, its checks and its answer add to a run of the service.
 */
import { createProvider, createService, loadLanguages } from "../src/app.ts";
import { defaultServerConfig } from "../src/config/server-config.ts";
import { anonymousCaller } from "../src/core/caller.ts";
import { admit } from "../src/server/admission.ts";
import { executeBodySchema } from "../src/server/schemas.ts";
import { collect } from "../src/service/collect.ts";
import type { BenchOptions, Row } from "./bench.ts";
import { createClient, type ExecuteJson } from "./service-client.ts";
import { startBenchServer } from "./server.ts";
import { differences, median, percentile } from "./statistics.ts";

const MAX_ADDED_MS = 2;
const WARM_UP_RUNS = 30;
const hello = { language: "bash", code: "echo hello" };

/** In turn: what makes the machine slow meets both. */
export async function measureOverhead(options: BenchOptions): Promise<readonly Row[]> {
  const rounds = options.effort === "full" ? 400 : 60;
  await using server = await startBenchServer(options.folder, { GLOVEBOX_PROVIDER: "linux" });
  using client = createClient(server.url);
  await using inProcess = await startService();
  options.progress(`${rounds} rounds of a run over HTTP and one in the process`);
  const served: number[] = [];
  const direct: number[] = [];
  const health: number[] = [];
  for (let round = -WARM_UP_RUNS; round < rounds; round++) {
    const servedMs = await timed(async () => {
      const { run } = await client.post<ExecuteJson>("/v1/execute", hello, 200);
      if (run.stdout !== "hello\n") throw new Error("a run over HTTP failed");
    });
    const directMs = await timed(() => inProcess.run());
    const healthMs = await timed(() => client.get("/health"));
    if (round < 0) continue;
    served.push(servedMs);
    direct.push(directMs);
    health.push(healthMs);
  }
  const how = `of ${rounds}, in turn with the others`;
  return [
    {
      name: "added to a run, p50",
      value: median(differences(served, direct)),
      unit: "ms",
      bound: { kind: "most", value: MAX_ADDED_MS },
      how: `median difference of ${rounds} pairs: POST /v1/execute and ExecutionService.run of the same bash program`,
    },
    { name: "POST /v1/execute p50", value: median(served), unit: "ms", how: `median ${how}` },
    { name: "POST /v1/execute p99", value: percentile(served, 99), unit: "ms", how: `p99 ${how}` },
    { name: "in the process p50", value: median(direct), unit: "ms", how: `median ${how}` },
    { name: "in the process p99", value: percentile(direct, 99), unit: "ms", how: `p99 ${how}` },
    { name: "GET /health p50", value: median(health), unit: "ms", how: `median ${how}` },
  ];
}

async function startService(): Promise<AsyncDisposable & { run(): Promise<void> }> {
  const config = defaultServerConfig();
  const languages = loadLanguages();
  const service = createService({
    provider: await createProvider("linux"),
    concurrency: config.concurrency,
  });
  const body = executeBodySchema(config).parse(hello);
  const { request } = admit(body, anonymousCaller, {
    languages,
    config,
    defaultProvider: service.defaultProvider,
  });
  const never = new AbortController().signal;
  return {
    run: async () => {
      const { output } = await collect(service, request, never);
      if (output.run.stdout.toString() !== "hello\n")
        throw new Error("a run in the process failed");
    },
    [Symbol.asyncDispose]: () => service.close(),
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
