/**
 * @module
 * Waits until containers are gone.
 */
import { expect } from "vitest";
import type { DockerdUser } from "./dockerd.ts";

/**
 * @param look Lists the ids of those that are there.
 * @throws Where any is left after the time, with its state and what the daemon says when it is to remove it.
 */
export async function untilRemoved(
  { docker }: DockerdUser,
  look: () => Promise<readonly string[]>,
  timeoutMs: number,
): Promise<void> {
  try {
    await expect.poll(look, { timeout: timeoutMs, interval: 100 }).toEqual([]);
  } catch (error) {
    const left: string[] = [];
    for (const id of await look()) {
      const format = "{{json .State}} {{json .GraphDriver}}";
      const state = await docker("inspect", "--format", format, id).catch(String);
      left.push(`${id}: ${state}: ${await docker("rm", "--force", id).catch(String)}`);
    }
    throw new Error(`containers stay:\n${left.join("\n")}`, { cause: error });
  }
}
