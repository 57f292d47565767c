/**
 * @module
 * Removes what Gloveboxes that were killed left at a daemon. A container ends by itself with its
 * owner's connection; this is for those that could not, because the daemon was down as well.
 */
import type { EngineClient } from "./engine/client.ts";
import { isOrphan, label, ownerLabel } from "./owner.ts";
import { removeContainer } from "./remove-container.ts";

export async function sweepContainers(client: EngineClient, signal?: AbortSignal): Promise<void> {
  const filters = JSON.stringify({ label: [`${label}=sandbox`] });
  const containers = (await client.request("GET", "/containers/json", {
    query: { all: true, filters },
    signal,
  })) as readonly { readonly Id: string; readonly Labels?: Readonly<Record<string, string>> }[];
  const orphans = containers.filter(({ Labels }) => isOrphan(Labels?.[ownerLabel]));
  await Promise.all(orphans.map(({ Id }) => removeContainer(client, Id)));
}
