/**
 * @module
 * The network of sandboxes that may reach others: a bridge of their own, on which they can't reach
 * each other. Docker's own connects all containers that say nothing else, also other people's. It is
 * made with the first of them and stays at the daemon.
 */
import { randomBytes } from "node:crypto";
import * as z from "zod/mini";
import { ask } from "./answer.ts";
import type { DaemonInfo } from "./daemon.ts";
import type { EngineClient } from "./engine/client.ts";
import { label } from "./owner.ts";

/** Podman has no such setting. */
const PODMANS = "bridge";

const networksSchema = z.array(z.object({ Id: z.string(), Created: z._default(z.string(), "") }));

const madeSchema = z.object({ Id: z.string() });

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
  return (await findNetwork(client, signal)) ?? (await makeNetwork(client, signal));
}

/**
 * Of those that several make at the same time all use the first, and the others take theirs away. Each
 * has a name of its own: a daemon makes two of one name, too, and then starts no container on either.
 */
async function makeNetwork(client: EngineClient, signal: AbortSignal): Promise<string> {
  const body = {
    Name: `glovebox-${randomBytes(4).toString("hex")}`,
    Driver: "bridge",
    Labels: { [label]: "network" },
    Options: { "com.docker.network.bridge.enable_icc": "false" },
  };
  const made = await ask(client, madeSchema, ["POST", "/networks/create"], { body, signal });
  const chosen = (await findNetwork(client, signal)) ?? made.Id;
  if (chosen !== made.Id) {
    // Where it can't be, it stays at the daemon unused.
    await client.request("DELETE", `/networks/${made.Id}`, { signal }).catch(() => undefined);
  }
  return chosen;
}

async function findNetwork(client: EngineClient, signal: AbortSignal): Promise<string | undefined> {
  const query = { filters: JSON.stringify({ label: [`${label}=network`] }) };
  const networks = await ask(client, networksSchema, ["GET", "/networks"], { query, signal });
  const key = (network: (typeof networks)[number]): string => `${network.Created} ${network.Id}`;
  return networks.sort((left, right) => (key(left) < key(right) ? -1 : 1))[0]?.Id;
}
