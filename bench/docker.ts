/**
 * @module
 * The docker provider beside `docker run --rm`: the same program in the same image of the same daemon,
 * which is the one that docker's own command line would use.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Bench, BenchOptions, Row } from "./bench.ts";
import { pythonHello, startBenchServer, type BenchServer } from "./server.ts";
import { median } from "./statistics.ts";

const IMAGE = "python:3";
const PARALLEL = 4;
const COMMAND_TIMEOUT_MS = 60_000;
/** Longer than a container takes to be made, so that the pool is full again. */
const REFILL_MS = 1_500;

export const dockerBench: Bench = {
  name: "docker",
  about: "a Python hello through POST /v1/execute on docker against `docker run --rm`",
  kind: "promise",
  run,
};

async function run(options: BenchOptions): Promise<readonly Row[]> {
  const gap = await findGap();
  if (gap !== undefined) return [{ name: "docker", skipped: gap }];
  const rounds = options.effort === "full" ? 30 : 8;
  const warm = await startBenchServer(options.folder, serverEnv(2 * PARALLEL));
  try {
    const cold = await startBenchServer(options.folder, serverEnv(0));
    try {
      return [
        ...(await measureLatency({ warm, cold }, rounds, options)),
        ...(await measureThroughput({ warm, cold }, rounds, options)),
      ];
    } finally {
      await cold[Symbol.asyncDispose]();
    }
  } finally {
    await warm[Symbol.asyncDispose]();
  }
}

interface Servers {
  readonly warm: BenchServer;
  readonly cold: BenchServer;
}

async function measureLatency(
  { warm, cold }: Servers,
  rounds: number,
  { progress }: BenchOptions,
): Promise<readonly Row[]> {
  progress(`${rounds} rounds, one at a time`);
  const times = { warm: [] as number[], cold: [] as number[], docker: [] as number[] };
  for (let round = -2; round < rounds; round++) {
    const dockerMs = await dockerRun();
    const coldMs = await cold.execute(pythonHello);
    // Whoever asks rarely finds the pool full; the others' work must not count either.
    await new Promise((resolve) => setTimeout(resolve, REFILL_MS));
    const warmMs = await warm.execute(pythonHello);
    if (round < 0) continue;
    times.warm.push(warmMs);
    times.cold.push(coldMs);
    times.docker.push(dockerMs);
  }
  const how = `medians of ${rounds}, in turn`;
  const docker = median(times.docker);
  return [
    {
      name: "warm pool p50 against docker run",
      value: median(times.warm) / docker,
      unit: "times",
      bound: { kind: "most", value: 0.2 },
      how,
    },
    {
      name: "no pool p50 against docker run",
      value: median(times.cold) / docker,
      unit: "times",
      how,
    },
    { name: "warm pool p50", value: median(times.warm), unit: "ms", how },
    { name: "no pool p50", value: median(times.cold), unit: "ms", how },
    { name: "docker run --rm p50", value: docker, unit: "ms", how },
  ];
}

/** Runs a second: of as many as the pool holds, and of many more, which wait for new containers. */
async function measureThroughput(
  { warm }: Servers,
  rounds: number,
  { progress }: BenchOptions,
): Promise<readonly Row[]> {
  progress(`${PARALLEL} in parallel`);
  const burst: number[] = [];
  const docker: number[] = [];
  const sustained: number[] = [];
  const bursts = Math.max(3, Math.floor(rounds / 6));
  for (let round = 0; round < bursts; round++) {
    docker.push(await rate(2 * PARALLEL, dockerRun));
    await new Promise((resolve) => setTimeout(resolve, 2 * REFILL_MS));
    burst.push(await rate(2 * PARALLEL, () => warm.execute(pythonHello)));
    sustained.push(await rate(6 * PARALLEL, () => warm.execute(pythonHello)));
    await new Promise((resolve) => setTimeout(resolve, 2 * REFILL_MS));
  }
  const how = `medians of ${bursts}, in turn, ${PARALLEL} at a time`;
  return [
    {
      name: "time of a full pool's runs against docker run",
      value: median(docker) / median(burst),
      unit: "times",
      bound: { kind: "most", value: 0.25 },
      how,
    },
    {
      name: "time of three pools' runs against docker run",
      value: median(docker) / median(sustained),
      unit: "times",
      how,
    },
    { name: "runs of a full pool", value: median(burst), unit: "runs/s", how },
    { name: "runs without an end", value: median(sustained), unit: "runs/s", how },
    { name: "docker run --rm", value: median(docker), unit: "runs/s", how },
  ];
}

/** Runs a second of `count` runs, `PARALLEL` at a time. */
async function rate(count: number, runOne: () => Promise<unknown>): Promise<number> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await runOne();
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return (count * 1000) / (performance.now() - started);
}

/** @returns How long it took, in ms. */
async function dockerRun(): Promise<number> {
  const started = performance.now();
  const { stdout } = await docker("run", "--rm", IMAGE, "python3", "-c", pythonHello.code);
  if (stdout !== pythonHello.stdout) throw new Error(`docker run wrote ${JSON.stringify(stdout)}`);
  return performance.now() - started;
}

async function findGap(): Promise<string | undefined> {
  try {
    await docker("image", "inspect", IMAGE);
    return undefined;
  } catch (error) {
    const { stderr, message } = error as { readonly stderr?: string; readonly message: string };
    const reason = (stderr ?? message).trim().split("\n").at(-1) ?? "";
    return `no docker daemon with the image ${IMAGE}: ${reason}`;
  }
}

function docker(...args: readonly string[]) {
  return promisify(execFile)("docker", args, { timeout: COMMAND_TIMEOUT_MS });
}

function serverEnv(poolSize: number): Readonly<Record<string, string>> {
  const { DOCKER_HOST } = process.env;
  return {
    GLOVEBOX_PROVIDER: "docker",
    GLOVEBOX_CONCURRENCY: String(2 * PARALLEL),
    GLOVEBOX_DOCKER_POOL_SIZE: String(poolSize),
    ...(DOCKER_HOST === undefined ? {} : { DOCKER_HOST }),
  };
}
