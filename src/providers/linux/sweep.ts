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

export async function sweepCgroups(parents: readonly string[]): Promise<void> {
  for (const parent of parents) {
    for (const name of readdirSync(parent)) {
      const owner = ownerOf(name);
      if (owner !== undefined && !isProcessAlive(owner)) await removeCgroups([join(parent, name)]);
    }
  }
}

export function ownerOf(name: string): ProcessTag | undefined {
  const [, pid, startTime] = NAME.exec(name) ?? [];
  if (pid === undefined || startTime === undefined) return undefined;
  return { pid: Number(pid), startTime };
}
