/**
 * @module
 * How a server does, at one look. Everything in it is counted elsewhere, and takes no longer where
 * thousands wait.
 */
import type { z } from "zod";
import type { SlotShares } from "../../service/slots.ts";
import type { PoolSource, ServerContext } from "../server-options.ts";
import { countsToJson } from "./counts.ts";
import type { overviewSchema } from "./schemas.ts";

type OverviewJson = z.output<typeof overviewSchema>;

const RECENT_MS = 300_000;
/** Those that have the most. */
const MAX_CALLERS = 50;

export async function readOverview(context: ServerContext): Promise<OverviewJson> {
  const { service, config, version, observers, asks, providers = [] } = context;
  const span = await observers.history.last(RECENT_MS);
  // From here on nothing is waited for: all of it is of one moment.
  const { running, waiting, heldMemoryBytes } = service.slotStats();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    at: new Date().toISOString(),
    version,
    started_at: new Date(observers.history.startedAtMs).toISOString(),
    provider: service.defaultProvider,
    slots: {
      total: config.concurrency,
      used: running,
      memory_bytes: config.memoryBytes,
      held_memory_bytes: heldMemoryBytes,
    },
    queue: { length: waiting, ...queueToJson(service.slotShares(), context) },
    pools: providers.flatMap(poolToJson),
    ...countsToJson(span),
    memory: { rss_bytes: rss, heap_used_bytes: heapUsed },
    asks_open: asks.list({}).length,
  };
}

function queueToJson(
  { oldestWaitMs, callers }: SlotShares,
  { keys }: ServerContext,
): Omit<OverviewJson["queue"], "length"> {
  const most = [...callers]
    .sort((a, b) => b.waiting + b.held - (a.waiting + a.held))
    .slice(0, MAX_CALLERS);
  const names = namesOf(
    keys,
    most.map(({ callerId }) => callerId),
  );
  return {
    oldest_wait_ms: Math.round(oldestWaitMs),
    callers: most.map(({ callerId, waiting, held }) => ({
      caller: callerId,
      name: names.get(callerId) ?? null,
      queued: waiting,
      running: held,
    })),
    callers_omitted: callers.length - most.length,
  };
}

/** A database that can't be read must not hide all the rest. */
function namesOf(
  keys: ServerContext["keys"],
  callerIds: readonly string[],
): ReadonlyMap<string, string> {
  try {
    return keys.names(callerIds);
  } catch {
    return new Map();
  }
}

function poolToJson({ name, poolStats, poolKinds, destroying }: PoolSource): OverviewJson["pools"] {
  if (poolStats === undefined) return [];
  const { ready, readyBytes, oldestMs, hits, misses, made, makeMs } = poolStats();
  return [
    {
      provider: name,
      ...{ ready, ready_bytes: readyBytes, oldest_ms: Math.round(oldestMs), hits, misses, made },
      make_ms: Math.round(makeMs),
      destroying: destroying?.() ?? 0,
      kinds: [...(poolKinds?.() ?? [])],
    },
  ];
}
