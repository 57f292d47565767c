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

/** All of them in one: who has two providers with pools is told their sum. */
export function watchPools(
  metrics: ServerObservers["metrics"],
  providers: readonly Pick<Provider, "poolStats">[],
): void {
  const pools = providers.flatMap(({ poolStats }) => poolStats ?? []);
  if (pools.length === 0) return;
  const sum = (name: keyof PoolStats) => (): number =>
    pools.reduce((total, stats) => total + stats()[name], 0);
  metrics.watch({ poolReady: sum("ready"), poolHits: sum("hits"), poolMisses: sum("misses") });
}
