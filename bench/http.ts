/**
 * @module
 * What one program costs over HTTP, sandbox and all, beside the same program bare.
 */
import type { Bench, BenchOptions, Row } from "./bench.ts";
import { runBarePython } from "./bare-python.ts";
import { pythonHello, startBenchServer } from "./server.ts";
import { median, percentile } from "./statistics.ts";

const WARM_UP_RUNS = 10;

export const httpBench: Bench = {
  name: "http",
  about: "a Python hello through POST /v1/execute against bare python3",
  kind: "context",
  run,
};

async function run({ effort, folder, progress }: BenchOptions): Promise<readonly Row[]> {
  const rounds = effort === "full" ? 100 : 20;
  await using server = await startBenchServer(folder);
  progress(`${rounds} rounds`);
  const served: number[] = [];
  const bare: number[] = [];
  for (let round = -WARM_UP_RUNS; round < rounds; round++) {
    const servedMs = await server.execute(pythonHello);
    const bareMs = await runBarePython(pythonHello);
    if (round < 0) continue;
    served.push(servedMs);
    bare.push(bareMs);
  }
  const how = `of ${rounds}, in turn with the other`;
  return [
    {
      name: "p50 against bare python3",
      value: median(served) / median(bare),
      unit: "times",
      how: `medians of ${rounds}, in turn`,
    },
    { name: "POST /v1/execute p50", value: median(served), unit: "ms", how: `median ${how}` },
    { name: "POST /v1/execute p99", value: percentile(served, 99), unit: "ms", how: `p99 ${how}` },
    { name: "python3 -I -c p50", value: median(bare), unit: "ms", how: `median ${how}` },
    { name: "python3 -I -c p99", value: percentile(bare, 99), unit: "ms", how: `p99 ${how}` },
  ];
}
