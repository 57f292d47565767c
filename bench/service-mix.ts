/**
 * @module
 * Thousands of executions of all kinds, sixteen at a time: none is lost, none is doubled, nothing stays.
 */
import { findCgroupPlace } from "../src/providers/linux/cgroups.ts";
import type { BenchOptions, Row } from "./bench.ts";
import {
  createClient,
  type Accepted,
  type ExecuteJson,
  type ExecutionJson,
  type ServiceClient,
} from "./service-client.ts";
import { readMemory } from "./service-memory.ts";
import { startBenchServer } from "./server.ts";
import { settledHoldings, type Holdings } from "./server-holdings.ts";
import { median, percentile } from "./statistics.ts";

const AT_ONCE = 16;
const BYTES_PER_MB = 1024 * 1024;
const MAX_P99 = 20;
const MAX_SLOPE_MB = 1;
/** Each third one is answered later. */
const LATER = 3;
const OUTPUT_BYTES = 64 * 1024;
const PAGE = 100;

interface Job {
  readonly body: object;
  readonly exitCode: number;
  /** All of them say theirs. */
  readonly token: string;
  readonly isTenMs: boolean;
}

/** By the index alone, so that each run is the same. */
function jobOf(index: number): Job {
  const token = `token-${index}`;
  const job = (language: string, code: string, exitCode = 0): Job => ({
    body: { language, code },
    exitCode,
    token,
    isTenMs: false,
  });
  const kinds: readonly (() => Job)[] = [
    () => ({ ...job("bash", `sleep 0.01; echo ${token}`), isTenMs: true }),
    () => job("bash", `echo ${token}`),
    () => job("python", `print("${token}")`),
    () => job("bash", `echo ${token}; exit 3`, 3),
    () => job("javascript", `console.log("${token}")`),
    () => ({ ...job("bash", `sleep 0.01; echo ${token}`), isTenMs: true }),
    () => job("python", `print(sum(range(100_000)) and "${token}")`),
    () => job("bash", `echo ${token}; head -c ${OUTPUT_BYTES} /dev/zero | tr '\\0' x`),
    () => job("python", `print("${token}", flush=True); raise SystemExit(4)`, 4),
    () => job("bash", `i=0; while ((i < 2000)); do ((i += 1)); done; echo ${token}`),
  ];
  return kinds[index % kinds.length]!();
}

export async function measureMix(options: BenchOptions): Promise<readonly Row[]> {
  const [warmUp, count] = options.effort === "full" ? [200, 10_000] : [50, 300];
  await using server = await startBenchServer(options.folder, {
    GLOVEBOX_PROVIDER: "linux",
    GLOVEBOX_CONCURRENCY: String(AT_ONCE),
    GLOVEBOX_STORAGE_MAX_SIZE: "10GiB",
  });
  using client = createClient(server.url);
  const look = (): Promise<Holdings> => settledHoldings(server.pid, findCgroupPlace());
  await runAll(client, 0, warmUp, () => Promise.resolve());
  const before = await look();
  const samples: Sample[] = [];
  const step = Math.ceil(count / 50);
  const mix = await runAll(client, warmUp, count, async (done) => {
    if (done % step !== 0) return;
    samples.push({ done, megabytes: (await readMemory(server.pid)).residentMb });
    if (done % (10 * step) === 0) options.progress(`${done} of ${count} executions`);
  });
  const after = await look();
  const total = warmUp + count;
  return [
    ...(await completeness(client, total, mix)),
    ...speed(mix, count),
    ...leftovers(before, after, samples),
  ];
}

interface Mix {
  readonly tenMs: readonly number[];
  readonly wrong: readonly string[];
  readonly elapsedMs: number;
}

interface Sample {
  readonly done: number;
  readonly megabytes: number;
}

async function runAll(
  client: ServiceClient,
  first: number,
  count: number,
  onDone: (done: number) => Promise<void>,
): Promise<Mix> {
  const tenMs: number[] = [];
  const wrong: string[] = [];
  let next = first;
  let done = 0;
  const started = performance.now();
  const work = async (): Promise<void> => {
    while (next < first + count) {
      const index = next++;
      const { body, token, exitCode, isTenMs } = jobOf(index);
      const sentAt = performance.now();
      const isLater = index % LATER === 0;
      const { run } = isLater ? await later(client, body, token) : await now(client, body);
      if (isTenMs && !isLater) tenMs.push(performance.now() - sentAt);
      const [said] = run.stdout.split("\n", 1);
      if (said !== token || run.exit_code !== exitCode) wrong.push(`${token}: ${run.exit_code}`);
      await onDone(++done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { tenMs, wrong, elapsedMs: performance.now() - started };
}

const now = (client: ServiceClient, body: object): Promise<ExecuteJson> =>
  client.post<ExecuteJson>("/v1/execute", body, 200);

async function later(client: ServiceClient, body: object, token: string): Promise<ExecuteJson> {
  const { id } = await client.post<Accepted>("/v1/executions", body, 202);
  const end = await client.get<ExecutionJson>(`/v1/executions/${id}?wait=60`);
  if (end.result === undefined || end.attempts !== 1) throw new Error(`${token} is ${end.state}`);
  return end.result;
}

/** What the server counted must be what was asked for: no more, no less. */
async function completeness(
  client: ServiceClient,
  total: number,
  { wrong }: Mix,
): Promise<readonly Row[]> {
  const ids = new Set<string>();
  let cursor = "";
  for (;;) {
    const page = await client.get<{ executions: ExecutionJson[]; next_cursor: string | null }>(
      `/v1/executions?state=finished&limit=${PAGE}${cursor}`,
    );
    for (const { id } of page.executions) ids.add(id);
    if (page.next_cursor === null) break;
    cursor = `&cursor=${page.next_cursor}`;
  }
  const metrics = await client.get<string>("/metrics");
  const counted = [...metrics.matchAll(/^glovebox_executions_total\{[^}]*\} (\d+)$/gm)];
  const sum = counted.reduce((all, [, value]) => all + Number(value), 0);
  const expected = Math.ceil(total / LATER);
  const bound = { kind: "most", value: 0 } as const;
  return [
    {
      name: "with another end than its own",
      value: wrong.length,
      unit: "count",
      bound,
      how: `of ${total}: each says its token and ends with its exit code${wrong.length > 0 ? `; ${wrong.slice(0, 3).join(", ")}` : ""}`,
    },
    {
      name: "lost or doubled",
      value: Math.abs(sum - total) + Math.abs(ids.size - expected),
      unit: "count",
      bound,
      how: `asked for ${total}, glovebox_executions_total says ${sum}; ${expected} answered later, ${ids.size} kept`,
    },
  ];
}

function speed({ tenMs, elapsedMs }: Mix, count: number): readonly Row[] {
  const [p50, p99] = [median(tenMs), percentile(tenMs, 99)];
  return [
    {
      name: `p99 of a 10 ms job, ${AT_ONCE} at once, against its p50`,
      value: p99 / p50,
      unit: "times",
      bound: { kind: "less", value: MAX_P99 },
      how: `${p99.toFixed(1)} ms and ${p50.toFixed(1)} ms of ${tenMs.length} in the mix`,
    },
    {
      name: "rate of the mix",
      value: (count * 1000) / elapsedMs,
      unit: "runs/s",
      how: `${count} in ${(elapsedMs / 1000).toFixed(0)} s`,
    },
  ];
}

function leftovers(before: Holdings, after: Holdings, samples: readonly Sample[]): readonly Row[] {
  const counts = (["fds", "cgroups", "mounts", "processes"] as const).map((what): Row => ({
    name: `${what} after the mix`,
    value: after[what] - before[what],
    unit: "count",
    bound: { kind: "most", value: 0 },
    how: `${before[what]} after the warm-up, then ${after[what]}`,
  }));
  const later = samples.slice(Math.floor(samples.length / 3));
  const megabytes = ({ residentBytes }: Holdings): string =>
    (residentBytes / BYTES_PER_MB).toFixed(1);
  return [
    {
      name: "memory slope, for 1,000 executions",
      value: slope(later) * 1000,
      unit: "MB",
      bound: { kind: "most", value: MAX_SLOPE_MB },
      how: `least squares of VmRSS over the last two thirds; settled ${megabytes(before)} MB before, ${megabytes(after)} MB after`,
    },
    ...counts,
  ];
}

/** Megabytes an execution. */
function slope(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(samples.map(({ done }) => done)), mean(samples.map((s) => s.megabytes))];
  const over = samples.reduce((sum, s) => sum + (s.done - x) * (s.megabytes - y), 0);
  return over / samples.reduce((sum, { done }) => sum + (done - x) ** 2, 0);
}
