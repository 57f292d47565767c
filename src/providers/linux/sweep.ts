/**
 * @module
 * Removes the cgroups that sandboxes of a killed owner left. Nothing else of a sandbox survives its
 * owner: processes, mounts and files go with the namespaces.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isProcessAlive, ownProcessTag, type ProcessTag } from "../../util/process-tag.ts";
import { removeCgroups } from "./sandbox.ts";

const NAME = /^glovebox-(\d+)-(\d+)-\d+$/;

/** A name that tells a later sweep whose it is: `glovebox-PID-STARTTIME-NUMBER`. */
export function cgroupName(number: number): string {
  const { pid, startTime } = ownProcessTag();
  return `glovebox-${pid}-${startTime}-${number}`;
}

/** @param signal Its abort ends the sweep early. */
export async function sweepCgroups(
  parents: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const orphans = parents.flatMap((parent) =>
    readdirSync(parent)
      .filter((name) => isOrphan(ownerOf(name)))
      .map((name) => join(parent, name)),
  );
  // All at once: one that still holds a dying process must not keep the others waiting.
  await Promise.all(orphans.map((path) => removeCgroups([path], signal)));
}

const isOrphan = (owner: ProcessTag | undefined): boolean =>
  owner !== undefined && !isProcessAlive(owner);

export function ownerOf(name: string): ProcessTag | undefined {
  const [, pid, startTime] = NAME.exec(name) ?? [];
  if (pid === undefined || startTime === undefined) return undefined;
  return { pid: Number(pid), startTime };
}
