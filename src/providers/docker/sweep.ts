/**
 * @module
 * Removes what Gloveboxes that were killed left at a daemon. A container ends by itself with its
 * owner's connection; this is for those that could not, because the daemon was down as well.
 */
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod/mini";
import { ask } from "./answer.ts";
import type { EngineClient } from "./engine/client.ts";
import { isOrphan, label, ownerLabel } from "./owner.ts";
import { removeContainer } from "./remove-container.ts";

const containersSchema = z.array(
  z.object({ Id: z.string(), Labels: z.nullish(z.record(z.string(), z.string())) }),
);

const BUSY_TRIES = 10;
const BUSY_PAUSE_MS = 300;

/** See `Provider.sweep`. */
export async function sweepContainers(client: EngineClient, signal?: AbortSignal): Promise<void> {
  const filters = JSON.stringify({ label: [`${label}=sandbox`] });
  try {
    const query = { all: true, filters };
    const call = ["GET", "/containers/json"] as const;
    const containers = await ask(client, containersSchema, call, { query, signal });
    const orphans = containers.filter(({ Labels }) => isOrphan(Labels?.[ownerLabel]));
    await Promise.all(orphans.map(({ Id }) => removeOrphan(client, Id, signal)));
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}

/** A daemon that has just started may find the mounts of a container busy for a while. */
async function removeOrphan(client: EngineClient, id: string, signal?: AbortSignal): Promise<void> {
  for (let tries = 0; tries < BUSY_TRIES; tries++) {
    if ((await removeContainer(client, id, signal)) !== "failed") return;
    await sleep(BUSY_PAUSE_MS, undefined, { signal });
  }
}
