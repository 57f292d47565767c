/**
 * @module
 * What it costs that a sandbox asks: nothing for programs that want nothing, and what for connections.
 * All of it happens in a network of its own; nothing reaches anybody.
 */
import { openOwnNetwork, ownNetworkGap } from "../test/helpers/own-network.ts";
import type { Bench, BenchOptions, Row } from "./bench.ts";
import { measureConnections } from "./permissions/connections.ts";
import { prepareRuns, serverAddress } from "./permissions/runs.ts";
import { measureUnasked } from "./permissions/unasked.ts";

export const permissionsBench: Bench = {
  name: "permissions",
  about: "sandboxes that ask: programs that want nothing, connections and throughput",
  kind: "promise",
  run,
};

async function run(options: BenchOptions): Promise<readonly Row[]> {
  const gap = ownNetworkGap();
  if (gap !== undefined) return [{ name: "sandboxes that ask", skipped: gap }];
  const network = await openOwnNetwork({ "www.example.com": [serverAddress] });
  try {
    const runs = await prepareRuns(network, options.folder);
    if (typeof runs === "string") return [{ name: "sandboxes that ask", skipped: runs }];
    const unasked = await measureUnasked(runs, options);
    return [...unasked, ...(await measureConnections(runs, options))];
  } finally {
    await network.close();
  }
}
