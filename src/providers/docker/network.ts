/**
 * @module
 * The network of sandboxes that may reach others: a bridge of their own, on which they can't reach
 * each other. Docker's own connects all containers that say nothing else, also other people's. It is
 * made with the first of them and stays at the daemon.
 */
import * as z from "zod/mini";
import { ask } from "./answer.ts";
import type { DaemonInfo } from "./daemon.ts";
import type { EngineClient } from "./engine/client.ts";
import { label } from "./owner.ts";

const NAME = "glovebox";
/** Podman has no such setting. */
const PODMANS = "bridge";

const networksSchema = z.array(
  z.object({ Id: z.string(), Name: z.string(), Created: z._default(z.string(), "") }),
);

/**
 * Asked each time: somebody may have pruned it, and a question is cheap beside a container.
 *
 * @returns Its id, for `NetworkMode`.
 */
export async function ensureNetwork(
  client: EngineClient,
  { engine }: DaemonInfo,
  signal: AbortSignal,
): Promise<string> {
  if (engine !== "Docker") return PODMANS;
  const found = await findNetwork(client, signal);
  if (found !== undefined) return found;
  await client.request("POST", "/networks/create", {
    body: {
      Name: NAME,
      Driver: "bridge",
      Labels: { [label]: "network" },
      Options: { "com.docker.network.bridge.enable_icc": "false" },
    },
    signal,
  });
  const chosen = await findNetwork(client, signal);
  if (chosen === undefined) throw new Error(`docker: the network \`${NAME}\` went away at once`);
  return chosen;
}

/**
 * Networks are known by their ids, and two may have one name: of those that were made at the same time
 * all use the first.
 */
async function findNetwork(client: EngineClient, signal: AbortSignal): Promise<string | undefined> {
  const filters = JSON.stringify({ name: [NAME], label: [`${label}=network`] });
  const query = { filters };
  const networks = await ask(client, networksSchema, ["GET", "/networks"], { query, signal });
  const key = (network: (typeof networks)[number]): string => `${network.Created} ${network.Id}`;
  return networks
    .filter(({ Name }) => Name === NAME)
    .sort((left, right) => (key(left) < key(right) ? -1 : 1))[0]?.Id;
}
