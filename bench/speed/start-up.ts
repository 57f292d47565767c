/**
 * @module
 * From starting a server to the first answer of a run.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BenchOptions, Row } from "../bench.ts";
import { pythonHello, startBenchServer } from "../server.ts";
import { percentile, median } from "../statistics.ts";
import { cacheEnvironment } from "./in-process.ts";
import { atMost } from "./programs.ts";

const MAX_MS = 1_500;
const GOAL_MS = 500;

export async function measureStartUp({
  effort,
  folder,
  progress,
}: BenchOptions): Promise<readonly Row[]> {
  const starts = effort === "full" ? 10 : 3;
  progress(`${starts} starts of a server`);
  const listening: number[] = [];
  const served: number[] = [];
  // The first one fills the page cache.
  for (let start = -1; start < starts; start++) {
    const own = join(folder, `start-${start}`);
    mkdirSync(own);
    const started = performance.now();
    await using server = await startBenchServer(own, cacheEnvironment(folder));
    const listensMs = performance.now() - started;
    await server.execute(pythonHello);
    const servedMs = performance.now() - started;
    if (start < 0) continue;
    listening.push(listensMs);
    served.push(servedMs);
  }
  return [
    {
      name: "server start to first run served",
      value: median(served),
      unit: "ms",
      bound: atMost(MAX_MS),
      how: `goal ${GOAL_MS}; median of ${starts} starts of \`glovebox serve\` with a new state folder, until a Python hello is answered, while it looks for languages in the background; slowest ${percentile(served, 100).toFixed(0)} ms`,
    },
    {
      name: "of it until it listens",
      value: median(listening),
      unit: "ms",
      how: "until it has printed its address",
    },
  ];
}
