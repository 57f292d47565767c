/**
 * @module
 * Takes containers away.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { EngineClient } from "./engine/client.ts";
import { isStatus } from "./engine-status.ts";

const REMOVE_TIMEOUT_MS = 15_000;
const LOOK_AGAIN_MS = 10;
/** A daemon that has just started may find the mounts of a container busy for a while. */
const BUSY_TRIES = 15;
const BUSY_PAUSE_MS = 300;
/** After it a daemon has made what it was asked for and gave no answer to, or never will. */
const LATE_MS = 2 * 60_000;

/** `absent`: there was none, now or any more. */
export type Removal = "removed" | "absent" | "failed";

/**
 * Kills and removes it, and waits until it is gone, as far as the daemon can be asked. Does not throw.
 *
 * @param id Or name.
 */
export async function removeContainer(
  client: EngineClient,
  id: string,
  signal?: AbortSignal,
): Promise<Removal> {
  const deadline = performance.now() + REMOVE_TIMEOUT_MS;
  let busyTries = 0;
  while (performance.now() < deadline) {
    try {
      await client.request("DELETE", `/containers/${id}`, {
        query: { force: true, v: true },
        timeoutMs: REMOVE_TIMEOUT_MS,
        signal,
      });
      return "removed";
    } catch (error) {
      if (isStatus(error, 404)) return "absent";
      // It is being removed already, because it ended.
      if (isStatus(error, 409)) await sleep(LOOK_AGAIN_MS);
      else if (!isStatus(error, 500) || ++busyTries > BUSY_TRIES) return "failed";
      else if (await isAborted(sleep(BUSY_PAUSE_MS, undefined, { signal }))) return "failed";
    }
  }
  return "failed";
}

async function isAborted(pause: Promise<unknown>): Promise<boolean> {
  try {
    await pause;
    return false;
  } catch {
    return true;
  }
}

/** Removes the containers of one provider, also those that it could not at first. */
export interface Remover {
  /** Does not throw: what can't be removed now is kept in mind. */
  remove(id: string): Promise<void>;
  /** The same for a container that the daemon may still be making: that it is absent means nothing. */
  removeUnanswered(name: string): Promise<void>;
  /**
   * Tries once more what is kept in mind; for when the daemon answers again. Does not throw.
   *
   * @param nowMs `Infinity`: also what had better be left for later.
   */
  removeLost(nowMs?: number): Promise<void>;
}

/** What could not be removed; times are performance.now's. */
interface Lost {
  /** Another try before it is of no use. */
  readonly notBeforeMs: number;
  /** Until then the daemon may still make it: that it is absent means nothing. */
  readonly madeByMs: number;
}

export function createRemover(client: EngineClient): Remover {
  const lost = new Map<string, Lost>();
  let removing: Promise<void> = Promise.resolve();
  const remove = async (id: string, madeByMs: number): Promise<void> => {
    const removal = await removeContainer(client, id);
    if (removal === "failed") lost.set(id, { notBeforeMs: 0, madeByMs });
    if (removal === "absent" && performance.now() < madeByMs) {
      lost.set(id, { notBeforeMs: madeByMs, madeByMs });
    }
  };
  return {
    remove: (id) => remove(id, 0),
    removeUnanswered: (name) => remove(name, performance.now() + LATE_MS),
    removeLost: async (nowMs = performance.now()) => {
      const due = [...lost].filter(([, { notBeforeMs }]) => notBeforeMs <= nowMs);
      for (const [id] of due) lost.delete(id);
      const removals = due.map(([id, { madeByMs }]) => remove(id, madeByMs));
      removing = Promise.all([removing, ...removals]).then(() => undefined);
      await removing;
    },
  };
}
