/**
 * @module
 * Takes a container away.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { EngineClient } from "./engine/client.ts";
import { isStatus } from "./engine-status.ts";

const REMOVE_TIMEOUT_MS = 15_000;
const LOOK_AGAIN_MS = 10;

/**
 * Kills and removes it, and waits until it is gone, as far as the daemon can be asked. Does not throw:
 * what a daemon that is down keeps is removed by a later sweep.
 */
export async function removeContainer(client: EngineClient, id: string): Promise<void> {
  const deadline = performance.now() + REMOVE_TIMEOUT_MS;
  while (performance.now() < deadline) {
    try {
      await client.request("DELETE", `/containers/${id}`, {
        query: { force: true, v: true },
        timeoutMs: REMOVE_TIMEOUT_MS,
      });
      return;
    } catch (error) {
      // 409: it is being removed already, because it ended.
      if (!isStatus(error, 409)) return;
      await sleep(LOOK_AGAIN_MS);
    }
  }
}
