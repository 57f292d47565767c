/**
 * @module
 * Signals to a command and its children.
 */
import { readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { readProcessStat } from "../../util/process-stat.ts";

const POLL_MS = 5;
/** A process that the kernel can't end, in uninterruptible sleep, must not hold us for ever. */
const MAX_WAIT_MS = 2_000;

/** Nothing happens where the group is gone. */
export function signalGroup(processGroup: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-processGroup, signal);
  } catch (error) {
    if (!isErrno(error, "ESRCH")) throw error;
  }
}

/** Kills every process of the group, and resolves when they are gone. */
export async function killGroup(processGroup: number): Promise<void> {
  const deadline = performance.now() + MAX_WAIT_MS;
  signalGroup(processGroup, "SIGKILL");
  while (performance.now() < deadline && (await isAlive(processGroup))) {
    await sleep(POLL_MS);
    // Again: what a dying process had just forked may have missed the first signal.
    signalGroup(processGroup, "SIGKILL");
  }
}

/** Zombies do not count: whoever inherited them may take its time to reap them. */
async function isAlive(processGroup: number): Promise<boolean> {
  try {
    process.kill(-processGroup, 0);
  } catch {
    return false;
  }
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readProcessStat(Number(name));
    if (stat?.processGroup === processGroup && stat.state !== "Z") return true;
  }
  return false;
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
