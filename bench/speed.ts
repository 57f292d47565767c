/**
 * @module
 * How fast a sandboxed run is, beside the bare process and beside others that isolate. All default
 * limits are on; nothing is switched off for it.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Bench, BenchOptions, Row } from "./bench.ts";
import { measureCeiling } from "./speed/ceiling.ts";
import { measureCompiled } from "./speed/compiled.ts";
import { measureLatency } from "./speed/latency.ts";
import { measurePeers, openPeers } from "./speed/peers.ts";
import { measureQueued } from "./speed/queued.ts";
import { measureStartUp } from "./speed/start-up.ts";
import { startSubjects } from "./speed/subjects.ts";
import { measureThroughput } from "./speed/throughput.ts";
import { measureWarmMemory } from "./speed/warm-memory.ts";

export const speedBench: Bench = {
  name: "speed",
  about: "programs in nine languages against the bare processes; runs a second; memory; start-up",
  kind: "promise",
  run,
};

async function run(options: BenchOptions): Promise<readonly Row[]> {
  const part = (name: string): BenchOptions => {
    const folder = join(options.folder, name);
    mkdirSync(folder, { mode: 0o755 });
    return { ...options, folder };
  };
  const rows: Row[] = [];
  const add = async (some: Promise<readonly Row[]>): Promise<void> =>
    void rows.push(...(await some));
  await withSubjects(part("beside-bare"), part("beside-peers"), part("ceiling"), add);
  await add(measureWarmMemory(part("warm")));
  await add(measureStartUp(part("start")));
  await add(measureQueued(part("queued")));
  return rows;
}

async function withSubjects(
  options: BenchOptions,
  peerOptions: BenchOptions,
  ceilingOptions: BenchOptions,
  add: (some: Promise<readonly Row[]>) => Promise<void>,
): Promise<void> {
  await using subjects = await startSubjects(options.folder);
  await add(measureLatency(subjects, options));
  await add(measureCompiled(subjects, options));
  await using peers = await openPeers(peerOptions);
  await add(measurePeers(peers, subjects, peerOptions));
  await add(measureThroughput(subjects, peers.peers, options));
  await add(measureCeiling(subjects, ceilingOptions));
}
