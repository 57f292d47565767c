/**
 * @module
 * What a server holds more after many executions: it should be nothing.
 */
import { findCgroupPlace } from "../src/providers/linux/cgroups.ts";
import { runBarePython } from "./bare-python.ts";
import type { Bench, BenchOptions, Row } from "./bench.ts";
import { pythonHello, startBenchServer, type BenchServer } from "./server.ts";
import { settledHoldings, type Holdings } from "./server-holdings.ts";
import { median, percentile } from "./statistics.ts";

const MAX_GROWTH_MB = 20;
const BYTES_PER_MB = 1024 * 1024;
const AT_ONCE = 8;
/** One bare program beside so many sandboxed ones. */
const RUNS_PER_BARE = 20;

export const growthBench: Bench = {
  name: "growth",
  about: "what a server holds more after 1,000 executions in a row and 1,000 of 8 at once",
  kind: "promise",
  run,
};

async function run({ effort, folder, progress }: BenchOptions): Promise<readonly Row[]> {
  const warmUpRuns = effort === "full" ? 100 : 30;
  const runs = effort === "full" ? 1_000 : 100;
  const place = findCgroupPlace();
  await using server = await startBenchServer(folder);
  const look = async (): Promise<Holdings> => {
    server.disconnect();
    return settledHoldings(server.pid, place);
  };

  progress(`warm-up: ${warmUpRuns} runs, ${AT_ONCE} at once`);
  await runMany(server, warmUpRuns, AT_ONCE);
  const before = await look();

  progress(`${runs} runs in a row`);
  const inARow = await runMany(server, runs, 1);
  const afterRow = await look();

  progress(`${runs} runs, ${AT_ONCE} at once`);
  const atOnce = await runMany(server, runs, AT_ONCE);
  const afterAll = await look();

  return [
    ...growthRows(`after ${runs} in a row`, before, afterRow),
    ...growthRows(`after ${runs} more, ${AT_ONCE} at once`, before, afterAll),
    ...speedRows("in a row", inARow),
    ...speedRows(`${AT_ONCE} at once`, atOnce),
  ];
}

interface Speed {
  readonly servedMs: readonly number[];
  readonly bareMs: readonly number[];
  readonly runsPerSecond: number;
}

/** Keeps `width` executions going. Bare ones run between blocks of them, and are not in the rate. */
async function runMany(server: BenchServer, runs: number, width: number): Promise<Speed> {
  const servedMs: number[] = [];
  const bareMs: number[] = [];
  let busyMs = 0;
  while (servedMs.length < runs) {
    const started = performance.now();
    let left = Math.min(RUNS_PER_BARE, runs - servedMs.length);
    const worker = async (): Promise<void> => {
      while (left-- > 0) servedMs.push(await server.execute(pythonHello));
    };
    await Promise.all(Array.from({ length: width }, worker));
    busyMs += performance.now() - started;
    bareMs.push(await runBarePython(pythonHello));
  }
  return { servedMs, bareMs, runsPerSecond: (runs * 1000) / busyMs };
}

function growthRows(label: string, before: Holdings, after: Holdings): readonly Row[] {
  const grown = (after.residentBytes - before.residentBytes) / BYTES_PER_MB;
  const megabytes = ({ residentBytes }: Holdings): string =>
    (residentBytes / BYTES_PER_MB).toFixed(1);
  const memory: Row = {
    name: `memory ${label}`,
    value: grown,
    unit: "MB",
    bound: { kind: "most", value: MAX_GROWTH_MB },
    how: `settled VmRSS of the server: ${megabytes(before)} MB after the warm-up, then ${megabytes(after)} MB`,
  };
  const counts = (["fds", "cgroups", "mounts", "processes"] as const).map((what): Row => ({
    name: `${what} ${label}`,
    value: after[what] - before[what],
    unit: "count",
    bound: { kind: "most", value: 0 },
    how: `${before[what]} after the warm-up, then ${after[what]}`,
  }));
  return [memory, ...counts];
}

function speedRows(label: string, { servedMs, bareMs, runsPerSecond }: Speed): readonly Row[] {
  const bare = median(bareMs);
  const p50 = median(servedMs);
  const p99 = percentile(servedMs, 99);
  const how = `bare python3 -I -c in the same minutes: p50 ${bare.toFixed(1)} ms, p99 ${percentile(bareMs, 99).toFixed(1)} ms`;
  return [
    { name: `rate, ${label}`, value: runsPerSecond, unit: "runs/s", how },
    { name: `p50, ${label}`, value: p50, unit: "ms", how: `${(p50 / bare).toFixed(2)} times bare` },
    { name: `p99, ${label}`, value: p99, unit: "ms", how: `${(p99 / bare).toFixed(2)} times bare` },
  ];
}
