/**
 * @module
 * Removes the cgroups that sandboxes of a killed owner left. Nothing else of a sandbox survives its
 * owner: processes, mounts and files go with the namespaces.
 */
import { randomBytes } from "node:crypto";
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { isProcessAlive, ownProcessTag, type ProcessTag } from "../../util/process-tag.ts";
import { removeCgroups } from "./remove-cgroups.ts";

const NAME = /^glovebox-(\d+)-(\d+)-(\d+)-[0-9a-f]+$/;

/** A name that tells a later sweep whose it is: `glovebox-PIDNAMESPACE-PID-STARTTIME-RANDOM`. */
export function cgroupName(): string {
  const { pid, startTime } = ownProcessTag();
  return `glovebox-${pidNamespace()}-${pid}-${startTime}-${randomBytes(6).toString("hex")}`;
}

/** Containers may share a cgroup tree: a pid of another namespace says nothing here. */
function pidNamespace(): string {
  return readlinkSync("/proc/self/ns/pid").replace(/\D/g, "");
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

/** Undefined for what is none of ours, or belongs to a Glovebox of another pid namespace. */
export function ownerOf(name: string): ProcessTag | undefined {
  const [, namespace, pid, startTime] = NAME.exec(name) ?? [];
  if (namespace !== pidNamespace() || pid === undefined || startTime === undefined)
    return undefined;
  return { pid: Number(pid), startTime };
}
