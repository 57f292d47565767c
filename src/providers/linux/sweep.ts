/**
 * @module
 * Removes the cgroups that sandboxes of a killed owner left. Nothing else of a sandbox survives its
 * owner: processes, mounts and files go with the namespaces.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isOrphan } from "./owned-name.ts";
import { removeCgroups } from "./remove-cgroups.ts";

/** @param signal Its abort ends the sweep early. */
export async function sweepCgroups(
  parents: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const orphans = parents.flatMap((parent) =>
    readdirSync(parent)
      .filter(isOrphan)
      .map((name) => join(parent, name)),
  );
  // All at once: one that still holds a dying process must not keep the others waiting.
  await Promise.all(orphans.map((path) => removeCgroups([path], signal)));
}
