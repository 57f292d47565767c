/**
 * @module
 * What is installed, as far as a request needs to know it.
 */
import type { FastifyReply } from "fastify";
import type { LoadedLanguage } from "../../../core/language.ts";
import type { ServerContext } from "../../server-options.ts";
import { pistonRuntimes, type PistonRuntime } from "./runtimes.ts";

/** Where a key may be besides `Authorization: Bearer` and `X-API-Key`: Piston's had no scheme. */
export const keyNames = ["authorization"];

/**
 * @param languages Those that are looked for.
 * @returns Undefined where the client is gone.
 */
export async function findInstalled(
  { service, runs }: ServerContext,
  reply: FastifyReply,
  languages: readonly LoadedLanguage[],
): Promise<readonly PistonRuntime[] | undefined> {
  const isAll = languages === service.languages.languages;
  const installed = await runs.during(reply, async (signal) => {
    if (isAll) return service.runtimes(signal);
    return Promise.all(languages.map(async (each) => service.runtimesOf(each, signal)));
  });
  return installed && pistonRuntimes(languages, installed.flat());
}
