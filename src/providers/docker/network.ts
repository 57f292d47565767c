/**
 * @module
 * The network of sandboxes that may reach others: a bridge of their own, on which they can't reach
 * each other. It is made with the first of them and stays at the daemon.
 */
import { networkOf } from "./container-config.ts";
import type { DaemonInfo } from "./daemon.ts";
import type { EngineClient } from "./engine/client.ts";
import { isStatus } from "./engine-status.ts";
import { label } from "./owner.ts";

/** Asked each time: somebody may have pruned it, and a question is cheap beside a container. */
export async function ensureNetwork(
  client: EngineClient,
  info: DaemonInfo,
  signal: AbortSignal,
): Promise<void> {
  if (info.engine !== "Docker") return;
  const name = networkOf(info);
  try {
    await client.request("GET", `/networks/${name}`, { signal });
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
    await createNetwork(client, name, signal);
  }
}

async function createNetwork(
  client: EngineClient,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const body = {
    Name: name,
    CheckDuplicate: true,
    Driver: "bridge",
    Labels: { [label]: "network" },
    Options: { "com.docker.network.bridge.enable_icc": "false" },
  };
  try {
    await client.request("POST", "/networks/create", { body, signal });
  } catch (error) {
    // Somebody else has made it meanwhile.
    if (!isStatus(error, 409)) throw error;
  }
}
