/**
 * @module
 * Takes containers away.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { EngineClient } from "./engine/client.ts";
import { isStatus } from "./engine-status.ts";

const REMOVE_TIMEOUT_MS = 15_000;
const LOOK_AGAIN_MS = 10;

/**
 * Kills and removes it, and waits until it is gone, as far as the daemon can be asked. Does not throw.
 *
 * @param id Or name.
 * @returns Whether it is gone.
 */
export async function removeContainer(client: EngineClient, id: string): Promise<boolean> {
  const deadline = performance.now() + REMOVE_TIMEOUT_MS;
  while (performance.now() < deadline) {
    try {
      await client.request("DELETE", `/containers/${id}`, {
        query: { force: true, v: true },
        timeoutMs: REMOVE_TIMEOUT_MS,
      });
      return true;
    } catch (error) {
      if (isStatus(error, 404)) return true;
      // It is being removed already, because it ended.
      if (!isStatus(error, 409)) return false;
      await sleep(LOOK_AGAIN_MS);
    }
  }
  return false;
}

/** Removes the containers of one provider, also those that it could not at first. */
export interface Remover {
  /** Does not throw: what can't be removed now is kept in mind. */
  remove(id: string): Promise<void>;
  /** Tries once more what is kept in mind; for when the daemon answers again. Does not throw. */
  removeLost(): Promise<void>;
}

export function createRemover(client: EngineClient): Remover {
  const lost = new Set<string>();
  let removing: Promise<unknown> = Promise.resolve();
  const remove = async (id: string): Promise<void> => {
    if (!(await removeContainer(client, id))) lost.add(id);
  };
  return {
    remove,
    removeLost: async () => {
      const ids = [...lost];
      lost.clear();
      removing = Promise.all([removing, ...ids.map(remove)]);
      await removing;
    },
  };
}
