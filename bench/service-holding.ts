/**
 * @module
 * What a server needs for many open connections and a long queue.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { findCgroupPlace } from "../src/providers/linux/cgroups.ts";
import type { BenchOptions, Row } from "./bench.ts";
import { createClient, type Accepted } from "./service-client.ts";
import { readMemory, type Memory } from "./service-memory.ts";
import { startBenchServer } from "./server.ts";
import { settledHoldings } from "./server-holdings.ts";

const MAX_MEMORY_MB = 150;
const HELLO_RUNS = 20;
const queued = { language: "bash", code: "echo a program that waits in a queue" };
const blocker = { language: "bash", code: "sleep 290", limits: { wall_time_ms: 300_000 } };

export async function measureHolding(options: BenchOptions): Promise<readonly Row[]> {
  const isFull = options.effort === "full";
  const [executions, connections] = isFull ? [5_000, 500] : [500, 50];
  const env = {
    GLOVEBOX_PROVIDER: "linux",
    GLOVEBOX_CONCURRENCY: "1",
    GLOVEBOX_SHUTDOWN_GRACE: "0s",
  };
  await using server = await startBenchServer(options.folder, env);
  using client = createClient(server.url);
  const look = async (): Promise<Memory> => {
    await settledHoldings(server.pid, findCgroupPlace());
    return readMemory(server.pid);
  };
  for (let run = 0; run < HELLO_RUNS; run++) await client.post("/v1/execute", queued, 200);
  const before = await look();
  options.progress(`${executions} executions wait, ${connections} connections are open`);
  await client.post("/v1/executions", blocker, 202);
  const accepted = await client.submitMany(queued, executions);
  const afterQueue = await look();
  const sockets = await openConnections(server.url, connections, accepted);
  const after = await look();
  const open = sockets.filter(({ readyState }) => readyState === "open").length;
  for (const socket of sockets) socket.destroy();
  if (open < connections) throw new Error(`only ${open} of ${connections} connections stayed open`);

  const what = `${executions} queued and ${connections} connections`;
  const kinds = "a quarter each events, WebSockets, waits and idle ones";
  return [
    {
      name: `memory with ${what}`,
      value: after.residentMb,
      unit: "MB",
      bound: { kind: "less", value: MAX_MEMORY_MB },
      how: `settled VmRSS of the server; ${kinds}; peak ${after.peakMb.toFixed(1)} MB`,
    },
    {
      name: `of it not shared with others`,
      value: after.proportionalMb,
      unit: "MB",
      how: `PSS of smaps_rollup; ${before.proportionalMb.toFixed(1)} MB before`,
    },
    {
      name: `memory for ${executions} queued`,
      value: afterQueue.residentMb - before.residentMb,
      unit: "MB",
      how: `VmRSS: ${before.residentMb.toFixed(1)} MB after ${HELLO_RUNS} runs, then ${afterQueue.residentMb.toFixed(1)} MB`,
    },
    {
      name: `memory for ${connections} connections`,
      value: after.residentMb - afterQueue.residentMb,
      unit: "MB",
      how: "VmRSS, after that",
    },
  ];
}

/** As plain sockets, so that what is measured is the server. Each has had its first answer, if it gets one. */
async function openConnections(
  url: string,
  count: number,
  accepted: readonly Accepted[],
): Promise<readonly Socket[]> {
  const { hostname, port, host } = new URL(url);
  const sockets: Socket[] = [];
  for (let index = 0; index < count; index++) {
    const path = `/v1/executions/${accepted[index % accepted.length]?.id}`;
    const upgrade = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n";
    const [target, headers = "", isAnswered = true] = (
      [
        [`${path}/events`],
        [`${path}/attach`, `${upgrade}sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n`],
        [`${path}?wait=60`, "", false],
        ["/health"],
      ] as const
    )[index % 4]!;
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    const answered = once(socket, "data");
    socket.write(`GET ${target} HTTP/1.1\r\nhost: ${host}\r\n${headers}\r\n`);
    if (isAnswered) await answered;
    else answered.catch(() => undefined);
    sockets.push(socket.resume());
  }
  return sockets;
}
