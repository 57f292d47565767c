/**
 * @module
 * Whether clients that send or read a byte at a time delay others.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { BenchOptions, Row } from "./bench.ts";
import {
  createClient,
  type Accepted,
  type ExecuteJson,
  type ServiceClient,
} from "./service-client.ts";
import { startBenchServer } from "./server.ts";
import { median, percentile } from "./statistics.ts";

const MAX_SLOWER = 1.5;
const WRITERS = 100;
const READERS = 50;
const BYTE_PAUSE_MS = 1_000;
const OUTPUT_BYTES = 1_000_000;
const BLOCKS = 4;
const hello = { language: "bash", code: "echo hello" };
const large = { language: "bash", code: `head -c ${OUTPUT_BYTES} /dev/zero | tr '\\0' x` };

/** Blocks of runs alone and beside slow clients, in turn. */
export async function measureSlowClients(options: BenchOptions): Promise<readonly Row[]> {
  const runs = options.effort === "full" ? 60 : 15;
  await using server = await startBenchServer(options.folder, { GLOVEBOX_PROVIDER: "linux" });
  using client = createClient(server.url);
  const { id } = await client.post<Accepted>("/v1/executions", large, 202);
  await client.get(`/v1/executions/${id}?wait=60`);
  await runMany(client, runs);
  options.progress(`runs beside ${WRITERS} slow writers and ${READERS} readers that don't read`);
  const alone: number[] = [];
  const beside: number[] = [];
  for (let block = 0; block < BLOCKS; block++) {
    alone.push(...(await runMany(client, runs)));
    const closeThem = await openSlowClients(server.url, id);
    try {
      beside.push(...(await runMany(client, runs)));
    } finally {
      closeThem();
    }
  }
  const slow = `${WRITERS} connections that send a byte a second and ${READERS} that don't read their events`;
  const how = `POST /v1/execute of a bash hello, ${beside.length} runs beside ${slow}, and as many alone, in ${BLOCKS} turns`;
  return [
    {
      name: "p50 beside slow clients against alone",
      value: median(beside) / median(alone),
      unit: "times",
      bound: { kind: "most", value: MAX_SLOWER },
      how,
    },
    {
      name: "p99 beside slow clients against alone",
      value: percentile(beside, 99) / percentile(alone, 99),
      unit: "times",
      how: `${percentile(beside, 99).toFixed(1)} ms and ${percentile(alone, 99).toFixed(1)} ms`,
    },
  ];
}

async function runMany(client: ServiceClient, runs: number): Promise<readonly number[]> {
  const took: number[] = [];
  while (took.length < runs) {
    const started = performance.now();
    const { run } = await client.post<ExecuteJson>("/v1/execute", hello, 200);
    if (run.stdout !== "hello\n") throw new Error("a run failed");
    took.push(performance.now() - started);
  }
  return took;
}

async function openSlowClients(url: string, id: string): Promise<() => void> {
  const { hostname, port, host } = new URL(url);
  const open = async (): Promise<Socket> => {
    const socket = connect(Number(port), hostname);
    // The server hangs up on who is too slow.
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  };
  const readers = await Promise.all(Array.from({ length: READERS }, open));
  for (const reader of readers) {
    reader.write(`GET /v1/executions/${id}/events HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
  }
  const writers = await Promise.all(Array.from({ length: WRITERS }, open));
  for (const writer of writers) {
    writer.write(
      `POST /v1/execute HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n`,
    );
    writer.write("content-length: 10000\r\n\r\n{");
  }
  const timer = setInterval(() => {
    for (const writer of writers) writer.write(" ");
  }, BYTE_PAUSE_MS);
  return () => {
    clearInterval(timer);
    for (const socket of [...readers, ...writers]) socket.destroy();
  };
}
