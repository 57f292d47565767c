/**
 * @module
 * A server that has just started looks in the background which languages are there: for seconds, on
 * all cores. What is measured meanwhile is something else.
 */
import { startBenchServer, type BenchServer } from "../server.ts";
import { createClient } from "../service-client.ts";

/** Waits until it knows all of them. See `startBenchServer`. */
export async function startAwakeServer(
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<BenchServer> {
  const server = await startBenchServer(folder, env);
  try {
    using client = createClient(server.url);
    await client.get("/v1/languages");
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
