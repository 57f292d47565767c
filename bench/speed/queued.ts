/**
 * @module
 * What an execution costs where 100, 1,000 and 10,000 wait: as much.
 */
import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchOptions, Row } from "../bench.ts";
import type { BenchServer } from "../server.ts";
import {
  createClient,
  type Accepted,
  type ExecutionJson,
  type ServiceClient,
} from "../service-client.ts";
import { readMemory } from "../service-memory.ts";
import { median } from "../statistics.ts";
import { startAwakeServer } from "./awake.ts";
import { cacheEnvironment } from "./in-process.ts";
import { atMost } from "./programs.ts";

const MAX_GROWTH = 1.1;
const POLL_MS = 3;
const MAX_DRAIN_MS = 240_000;
const KB_PER_MB = 1024;
const running = /^glovebox_slots_running (\d+)$/gm;
/** Blockers are canceled. */
const ended = /^glovebox_executions_total\{[^}]*outcome="exited_zero"[^}]*\} (\d+)$/gm;
const job = { language: "bash", code: "echo hello" };
const blocker = { language: "bash", code: "sleep 290", limits: { wall_time_ms: 300_000 } };

interface Sample {
  /** Of accepting one and of running one, in ms of the whole server's time. */
  readonly acceptMs: number;
  readonly runMs: number;
  /** VmRSS of the server while they wait. */
  readonly waitingMb: number;
  /** And before. */
  readonly beforeMb: number;
}

export async function measureQueued(options: BenchOptions): Promise<readonly Row[]> {
  const sizes = options.effort === "full" ? [100, 1_000, 10_000] : [100, 1_000];
  const own = join(options.folder, "queued");
  mkdirSync(own);
  const slots = availableParallelism();
  await using server = await startAwakeServer(own, {
    ...cacheEnvironment(options.folder),
    GLOVEBOX_CONCURRENCY: String(slots),
    GLOVEBOX_SHUTDOWN_GRACE: "0s",
  });
  using client = createClient(server.url);
  const samples = new Map(sizes.map((size) => [size, [] as Sample[]]));
  await drain(server, client, 100, slots);
  for (const size of orderOf(sizes)) {
    options.progress(`${size} executions wait, then run`);
    samples.get(size)!.push(await drain(server, client, size, slots));
  }
  return rowsOf(samples);
}

/** The small ones often, and around the large one: the machine may change meanwhile. */
function orderOf(sizes: readonly number[]): readonly number[] {
  const [small = 100, ...others] = sizes;
  const smalls = Array<number>(5).fill(small);
  return [...smalls, ...others.flatMap((size) => [size, ...smalls])];
}

/** Fills all slots, queues `size`, frees the slots, and waits until all have ended. */
async function drain(
  server: BenchServer,
  client: ServiceClient,
  size: number,
  slots: number,
): Promise<Sample> {
  const before = await readMemory(server.pid);
  const blockers: Accepted[] = [];
  for (let slot = 0; slot < slots; slot++)
    blockers.push(await client.post<Accepted>("/v1/executions", blocker, 202));
  await until(client, running, slots);
  const endedBefore = await readMetric(client, ended);
  const started = performance.now();
  const accepted = await client.submitMany(job, size);
  const acceptedMs = performance.now() - started;
  const waiting = await readMemory(server.pid);
  const freed = performance.now();
  await Promise.all(blockers.map(({ id }) => client.post(`/v1/executions/${id}/cancel`, {}, 200)));
  // Looking costs the server time, too: until the last one has ended there is nothing to see.
  await untilFinished(client, accepted.at(-1)!.id);
  await until(client, ended, endedBefore + size);
  return {
    acceptMs: acceptedMs / size,
    runMs: (performance.now() - freed) / size,
    waitingMb: waiting.residentMb,
    beforeMb: before.residentMb,
  };
}

async function untilFinished(client: ServiceClient, id: string): Promise<void> {
  const deadline = performance.now() + MAX_DRAIN_MS;
  for (;;) {
    const { state } = await client.get<ExecutionJson>(`/v1/executions/${id}?wait=60`);
    if (state === "finished") return;
    if (performance.now() > deadline) throw new Error(`the last execution is still ${state}`);
  }
}

async function until(client: ServiceClient, metric: RegExp, least: number): Promise<void> {
  const deadline = performance.now() + MAX_DRAIN_MS;
  while ((await readMetric(client, metric)) < least) {
    if (performance.now() > deadline) throw new Error(`${metric.source} is not ${least} in time`);
    await sleep(POLL_MS);
  }
}

async function readMetric(client: ServiceClient, metric: RegExp): Promise<number> {
  const text = await client.get<string>("/metrics");
  return [...text.matchAll(metric)].reduce((sum, [, value]) => sum + Number(value), 0);
}

function rowsOf(samples: ReadonlyMap<number, readonly Sample[]>): readonly Row[] {
  const middle = (size: number, field: keyof Sample): number =>
    median(samples.get(size)!.map((sample) => sample[field]));
  const sizes = [...samples.keys()];
  const [small = NaN] = sizes;
  const grown = sizes.slice(1).map((size): Row => {
    const value = middle(size, "runMs") / middle(small, "runMs");
    return {
      name: `time of an execution where ${size} wait, against ${small}`,
      value,
      unit: "times",
      bound: atMost(MAX_GROWTH),
      how: `from free slots to the last end: ${middle(size, "runMs").toFixed(2)} ms each against ${middle(small, "runMs").toFixed(2)} ms, ${samples.get(small)!.length} turns of ${small} around it`,
    };
  });
  const each = sizes.flatMap((size): readonly Row[] => [
    {
      name: `time of an execution, ${size} wait`,
      value: middle(size, "runMs"),
      unit: "ms",
      how: `a bash hello; besides ${middle(size, "acceptMs").toFixed(2)} ms to be accepted, in batches of 100`,
      point: { chart: "queue", group: "time", series: "run", at: size },
    },
    {
      name: `memory while ${size} wait`,
      value: middle(size, "waitingMb"),
      unit: "MB",
      how: `VmRSS of the server; ${(((middle(size, "waitingMb") - middle(size, "beforeMb")) * KB_PER_MB) / size).toFixed(1)} kB each`,
      point: { chart: "queue", group: "memory", series: "server", at: size },
    },
  ]);
  return [...grown, ...each];
}
