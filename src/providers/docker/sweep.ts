/**
 * @module
 * Removes what Gloveboxes that were killed left at a daemon. A container ends by itself with its
 * owner's connection; this is for those that could not, because the daemon was down as well.
 */
import * as z from "zod/mini";
import { ask } from "./answer.ts";
import type { EngineClient } from "./engine/client.ts";
import { isOrphan, label, ownerLabel } from "./owner.ts";
import { removeContainer } from "./remove-container.ts";

const containersSchema = z.array(
  z.object({ Id: z.string(), Labels: z.nullish(z.record(z.string(), z.string())) }),
);

/** See `Provider.sweep`. */
export async function sweepContainers(client: EngineClient, signal?: AbortSignal): Promise<void> {
  const filters = JSON.stringify({ label: [`${label}=sandbox`] });
  try {
    const query = { all: true, filters };
    const call = ["GET", "/containers/json"] as const;
    const containers = await ask(client, containersSchema, call, { query, signal });
    const orphans = containers.filter(({ Labels }) => isOrphan(Labels?.[ownerLabel]));
    await Promise.all(orphans.map(({ Id }) => removeContainer(client, Id, signal)));
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}
