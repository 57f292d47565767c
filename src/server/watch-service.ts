/**
 * @module
 * What metrics read of the service and its providers when they are asked.
 */
import type { PoolStats, Provider } from "../core/provider.ts";
import type { ExecutionService } from "../service/service.ts";
import type { ServerObservers } from "./open-observers.ts";

export function watchService(
  metrics: ServerObservers["metrics"],
  service: Pick<ExecutionService, "slotStats">,
  slots: number,
): void {
  metrics.watch({
    slots: () => slots,
    slotsRunning: () => service.slotStats().running,
    queueWaiting: () => service.slotStats().waiting,
    memoryHeldBytes: () => service.slotStats().heldMemoryBytes,
  });
}

/** All of them in one: who has two providers is told their sum, and the age of the oldest of both. */
export function watchProviders(
  metrics: ServerObservers["metrics"],
  providers: readonly Pick<Provider, "poolStats" | "destroying">[],
): void {
  const backlogs = providers.flatMap(({ destroying }) => destroying ?? []);
  if (backlogs.length > 0)
    metrics.watch({
      sandboxesDestroying: () => backlogs.reduce((total, destroying) => total + destroying(), 0),
    });
  const pools = providers.flatMap(({ poolStats }) => poolStats ?? []);
  if (pools.length === 0) return;
  const sum = (name: keyof PoolStats) => (): number =>
    pools.reduce((total, stats) => total + stats()[name], 0);
  metrics.watch({
    poolReady: sum("ready"),
    poolReadyBytes: sum("readyBytes"),
    poolOldestSeconds: () => Math.max(...pools.map((stats) => stats().oldestMs)) / 1000,
    poolHits: sum("hits"),
    poolMisses: sum("misses"),
    poolMade: sum("made"),
    poolMakeSeconds: () => sum("makeMs")() / 1000,
  });
}
