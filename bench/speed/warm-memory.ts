/**
 * @module
 * What one sandbox that waits for its program costs in memory.
 */
import { readFile, readlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { listProcesses } from "../../test/helpers/leftovers.ts";
import type { BenchOptions, Row } from "../bench.ts";
import { findCgroupPlace } from "../../src/providers/linux/cgroups.ts";
import { settledHoldings } from "../server-holdings.ts";
import { pythonHello, type BenchServer } from "../server.ts";
import { createClient } from "../service-client.ts";
import { median } from "../statistics.ts";
import { startAwakeServer } from "./awake.ts";
import { cacheEnvironment } from "./in-process.ts";
import { atMost } from "./programs.ts";

const MAX_MB = 3;
const GOAL_MB = 1;
const KB_PER_MB = 1024;
const RUNS = 40;
const GAP_MS = 30;

interface Look {
  /** PSS of all below the server, in MB. */
  readonly belowMb: number;
  /** PSS of each PID namespace below the server but its own, in MB. */
  readonly sandboxesMb: readonly number[];
}

export async function measureWarmMemory({
  folder,
  progress,
}: BenchOptions): Promise<readonly Row[]> {
  const name = "memory of a warm Python sandbox";
  await using server = await startAwakeServer(folder, cacheEnvironment(folder));
  const before = await look(server);
  progress(`memory after ${RUNS} runs`);
  for (let run = 0; run < RUNS; run++) {
    await server.execute(pythonHello);
    await sleep(GAP_MS);
  }
  const after = await look(server);
  const ready = await readReady(server);
  const grownMb = after.belowMb - before.belowMb;
  const count = ready ?? after.sandboxesMb.length;
  if (count === 0) return [{ name, skipped: "this server keeps no sandbox ready" }];
  const how = `PSS of the server's descendants ${before.belowMb.toFixed(1)} MB before and ${after.belowMb.toFixed(1)} MB after ${RUNS} runs; ${count} are ready${ready === undefined ? ", counted by their PID namespaces" : ""}; templates are in it`;
  const each = after.sandboxesMb;
  const single: readonly Row[] =
    each.length === 0
      ? []
      : [
          {
            name: `${name}: median of them`,
            value: median(each),
            unit: "MB",
            how: `PSS by PID namespaces, ${each.length} of them: what one more costs`,
          },
        ];
  return [
    {
      name,
      value: grownMb / count,
      unit: "MB",
      bound: atMost(MAX_MB),
      how: `goal ${GOAL_MB}; ${how}`,
    },
    ...single,
  ];
}

async function look(server: BenchServer): Promise<Look> {
  await settledHoldings(server.pid, findCgroupPlace());
  const own = await readlink(`/proc/${server.pid}/ns/pid`);
  const byNamespace = new Map<string, number>();
  for (const pid of await listBelow(server.pid)) {
    try {
      const namespace = await readlink(`/proc/${pid}/ns/pid`);
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
      const mb = Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) / KB_PER_MB;
      byNamespace.set(namespace, (byNamespace.get(namespace) ?? 0) + mb);
    } catch {
      // It has ended since it was listed.
    }
  }
  const sandboxes = [...byNamespace].filter(([namespace]) => namespace !== own);
  return {
    belowMb: [...byNamespace.values()].reduce((sum, mb) => sum + mb, 0),
    sandboxesMb: sandboxes.map(([, mb]) => mb),
  };
}

async function listBelow(pid: number): Promise<readonly number[]> {
  const parents = new Map((await listProcesses()).map((found) => [found.pid, found.parent]));
  const isBelow = (candidate: number): boolean => {
    let ancestor = parents.get(candidate);
    while (ancestor !== undefined && ancestor !== pid) ancestor = parents.get(ancestor);
    return ancestor === pid;
  };
  return [...parents.keys()].filter(isBelow);
}

/** What the server itself says; undefined where it has no pool. */
async function readReady(server: BenchServer): Promise<number | undefined> {
  using client = createClient(server.url);
  const metrics = await client.get<string>("/metrics");
  const values = [...metrics.matchAll(/^glovebox_pool_ready(?:\{[^}]*\})? (\d+)$/gm)];
  if (values.length === 0) return undefined;
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}
