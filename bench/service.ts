/**
 * @module
 * What the service adds to a sandbox, and how it stands load: many connections, long queues, thousands
 * of executions, clients that are slow.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Bench, BenchOptions, Row } from "./bench.ts";
import { measureFairness } from "./service-fairness.ts";
import { measureHolding } from "./service-holding.ts";
import { measureMix } from "./service-mix.ts";
import { measureOverhead } from "./service-overhead.ts";
import { measureSlowClients } from "./service-slow.ts";

export const serviceBench: Bench = {
  name: "service",
  about: "what the server adds to a run, and how it stands queues, load and slow clients",
  kind: "promise",
  run,
};

const parts: Readonly<Record<string, (options: BenchOptions) => Promise<readonly Row[]>>> = {
  overhead: measureOverhead,
  holding: measureHolding,
  fairness: measureFairness,
  slow: measureSlowClients,
  mix: measureMix,
};

/** Each part has a server and a database of its own. */
async function run(options: BenchOptions): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [name, measure] of Object.entries(parts)) {
    const folder = join(options.folder, name);
    mkdirSync(folder, { mode: 0o755 });
    rows.push(...(await measure({ ...options, folder })));
  }
  return rows;
}
