/**
 * @module
 * Which containers are there, and that they go.
 */
import { expect } from "vitest";
import type { DockerdUser } from "./dockerd.ts";

/**
 * The ids of all containers that the daemon has with a label. One that was killed and started again may
 * list a container that ended just then, as Dead and until its next start, though it has removed it, and
 * says so to who asks for that one.
 */
export async function labeledContainers(
  { docker }: DockerdUser,
  label: string,
): Promise<readonly string[]> {
  const filters = ["--filter", `label=${label}`];
  const listed = await docker("ps", "--all", "--quiet", "--no-trunc", ...filters);
  const ids = listed.split("\n").filter((line) => line !== "");
  const inspect = ["inspect", "--type=container", "--format={{.Id}}"];
  const said = await Promise.all(ids.map((id) => docker(...inspect, id).catch(String)));
  return ids.filter((_id, at) => said[at]?.includes("No such container") !== true);
}

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
