/**
 * @module
 * Removes cgroups.
 */
import { rmdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * The kernel needs a moment between the end of the last process and an empty cgroup.
 *
 * @param signal Its abort ends the wait.
 */
export async function removeCgroups(paths: readonly string[], signal?: AbortSignal): Promise<void> {
  for (const path of paths) {
    for (let attempt = 0; attempt < 100 && !removed(path); attempt++) {
      if (signal?.aborted === true) return;
      await sleep(20);
    }
  }
}

function removed(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
