/**
 * @module
 * That containers are gone, where the daemon was killed in between.
 */
import { expect } from "vitest";
import type { DockerdUser } from "./dockerd.ts";

export interface RemovedContainers {
  /** Those of `ids` that the daemon can remove. */
  left(ids: readonly string[]): readonly string[];
  /** Waits until there are none; `look` lists the ids of those that are there. */
  untilGone(look: () => Promise<readonly string[]>, timeoutMs: number): Promise<void>;
}

/**
 * A daemon that was killed may, seldom, find a container's mounts busy for ever after. What it calls
 * Dead has no process any more, only files, and it refuses everybody to remove them: that is told, and
 * overlooked from then on. Anything else that is left is a failure, with what the daemon says of it.
 */
export function removedContainers({ docker }: DockerdUser): RemovedContainers {
  const stuck = new Set<string>();
  const left = (ids: readonly string[]): readonly string[] => ids.filter((id) => !stuck.has(id));

  async function acceptDead(id: string, cause: unknown): Promise<void> {
    const said = await docker("rm", "--force", id).catch(String);
    const format = "{{.State.Dead}} {{.State.Pid}}";
    const state = await docker("inspect", "--format", format, id).catch(String);
    if (state.includes("No such object")) return;
    if (state !== "true 0") throw new Error(`${id} stays, ${state}: ${said}`, { cause });
    console.warn(`the daemon can't remove ${id}: ${said}`);
    stuck.add(id);
  }

  return {
    left,
    untilGone: async (look, timeout) => {
      try {
        await expect.poll(async () => left(await look()), { timeout, interval: 100 }).toEqual([]);
      } catch (error) {
        for (const id of left(await look())) await acceptDead(id, error);
      }
    },
  };
}
