/**
 * @module
 * Connections to a server outside: from a sandbox that asks, where a rule allows it, against the host's
 * own loopback. See traffic.c, which says what is timed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { packageFolder } from "../../src/util/package-folder.ts";
import type { Bound, BenchOptions, Row } from "../bench.ts";
import { atLeast, atMost } from "../speed/programs.ts";
import { compileC } from "../speed/requests.ts";
import { median, percentile } from "../statistics.ts";
import { serverAddress, type Place, type Runs } from "./runs.ts";

const PORT = 2_000;
/** First contacts of a run. */
const PORTS = 40;
const START_TIMEOUT_MS = 10_000;
const NS_PER_MS = 1e6;

const MAX_CONNECT_RATIO = 3;
const MIN_THROUGHPUT_RATIO = 0.4;
const MAX_FIRST_MS = 15;

type Ends = Extract<Place, "host" | "asking">;
const ends: readonly Ends[] = ["host", "asking"];
type ByEnd<T> = Readonly<Record<Ends, T>>;

/** In ms. */
interface Connection {
  readonly connectMs: number;
  readonly exchangeMs: number;
}

export async function measureConnections(
  runs: Runs,
  options: BenchOptions,
): Promise<readonly Row[]> {
  const source = join(packageFolder(), "bench/permissions/traffic.c");
  await compileC(source, join(runs.workspace, "traffic"), ["-pthread"]);
  const stopServer = await startServer(runs);
  try {
    return [
      ...(await measureConnects(runs, options)),
      await measureThroughput("send", "from inside", runs, options),
      await measureThroughput("receive", "to inside", runs, options),
      ...(await measureFirst(runs, options)),
    ];
  } finally {
    await stopServer();
  }
}

async function measureConnects(
  runs: Runs,
  { effort, progress }: BenchOptions,
): Promise<readonly Row[]> {
  const [blocks, count] = effort === "full" ? [10, 300] : [3, 100];
  progress(`${blocks} times ${count} connections`);
  const all: ByEnd<Connection[]> = { host: [], asking: [] };
  for (let block = 0; block < blocks; block++) {
    // The first one of a run is another matter: see `measureFirst`.
    for (const end of ends) all[end].push(...(await traffic(runs, end, "connect", count)).slice(1));
  }
  const row = (name: string, what: keyof Connection, bound?: Bound): Row => {
    const [host, asking] = ends.map((end) => median(all[end].map((each) => each[what])));
    return {
      name,
      value: asking! / host!,
      unit: "times",
      ...(bound === undefined ? {} : { bound }),
      how: `${inMicroseconds(asking!)} against ${inMicroseconds(host!)}, p50 of ${all.asking.length} each`,
    };
  };
  const most = atMost(MAX_CONNECT_RATIO);
  return [
    row("connect() to an approved endpoint, against the host's", "connectMs", most),
    row("a byte and its echo over a new connection, against the host's", "exchangeMs"),
  ];
}

/** Three processes take part, on the host two: with two cores the relay can't have one for itself. */
async function measureThroughput(
  task: "send" | "receive",
  direction: string,
  runs: Runs,
  { effort, progress }: BenchOptions,
): Promise<Row> {
  const [rounds, bytes] = effort === "full" ? [15, 1e9] : [5, 3e8];
  progress(`${rounds} times ${bytes / 1e6} MB, ${direction}`);
  const rates: ByEnd<number[]> = { host: [], asking: [] };
  for (let round = 0; round < rounds; round++) {
    for (const end of ends) {
      const [only] = await traffic(runs, end, task, bytes);
      rates[end].push(bytes / 1e3 / only!.exchangeMs);
    }
  }
  const [host, asking] = ends.map((end) => median(rates[end]));
  return {
    name: `throughput ${direction}, against the host's loopback`,
    value: asking! / host!,
    unit: "times",
    bound: atLeast(MIN_THROUGHPUT_RATIO),
    how: `${asking!.toFixed(0)} MB/s against ${host!.toFixed(0)} MB/s, medians of ${rounds} in turn, ${bytes / 1e6} MB each`,
  };
}

async function measureFirst(
  runs: Runs,
  { effort, progress }: BenchOptions,
): Promise<readonly Row[]> {
  const rounds = effort === "full" ? 20 : 5;
  progress(`${rounds} times ${PORTS} first contacts`);
  const first: number[] = [];
  const later: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const [own, ...others] = await traffic(runs, "asking", "first", PORTS);
    first.push(own!.connectMs);
    later.push(...others.map(({ connectMs }) => connectMs));
  }
  const row = (name: string, times: readonly number[]): Row => ({
    name,
    value: median(times),
    unit: "ms",
    bound: { kind: "less", value: MAX_FIRST_MS },
    how: `p50 of ${times.length} calls of connect(), p90 ${percentile(times, 90).toFixed(1)} ms; a rule allows them`,
  });
  return [row("first contact of a run", first), row("first contact with one more endpoint", later)];
}

async function traffic(
  runs: Runs,
  end: Ends,
  task: "connect" | "first" | "send" | "receive",
  number: number,
): Promise<readonly Connection[]> {
  const words = [task, serverAddress, String(PORT), String(number)];
  const output = await runs.run(end, ["./traffic", ...words]);
  return output
    .trim()
    .split("\n")
    .map((line) => {
      const [connect = NaN, exchange = NaN] = line.split(" ").map(Number);
      return { connectMs: connect / NS_PER_MS, exchangeMs: exchange / NS_PER_MS };
    });
}

/** @returns What stops it. */
async function startServer({ words, env }: Runs): Promise<() => Promise<void>> {
  const serve = ["serve", serverAddress, String(PORT), String(PORTS)];
  const [command, ...args] = words("host", ["./traffic", ...serve]);
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const endWithUs = (): void => void child.kill("SIGKILL");
  process.once("exit", endWithUs);
  const closed = once(child, "close");
  await once(child.stdout, "data", { signal: AbortSignal.timeout(START_TIMEOUT_MS) });
  return async () => {
    process.off("exit", endWithUs);
    child.kill("SIGKILL");
    await closed;
  };
}

function inMicroseconds(ms: number): string {
  return `${(ms * 1_000).toFixed(0)} us`;
}
