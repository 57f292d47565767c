/**
 * @module
 * A server's door for the runs of its own user, put together from its parts.
 */
import { createService, openCompileCache, openPreparedStore } from "./app.ts";
import { defaultCompileCache } from "./config/server-config.ts";
import type { Provider } from "./core/provider.ts";
import type { LanguageIndex } from "./languages/index-languages.ts";
import { openDoor, type LocalDoor } from "./local-server/serve.ts";
import type { ExecutionService } from "./service/service.ts";

export type { LocalDoor } from "./local-server/serve.ts";

interface LocalDoorParts {
  readonly provider: Provider;
  readonly languages: LanguageIndex;
  readonly env: NodeJS.ProcessEnv;
  readonly onRan: Parameters<ExecutionService["onRan"]>[0];
  readonly logger: Readonly<Record<"info" | "debug", (facts: object, message: string) => void>>;
}

/**
 * Runs through it are as if the server were not there, but for its provider: beside its slots, and with
 * the settings of the command line.
 *
 * @returns Undefined where there can be none. Does not throw.
 */
export async function openLocalDoor(parts: LocalDoorParts): Promise<LocalDoor | undefined> {
  const { provider, languages, env, onRan, logger } = parts;
  // What `auto` means for the command line where there is no server.
  if (provider.name !== "linux") return undefined;
  const shared = {
    // Outlives each of them.
    provider: { ...provider, close: () => Promise.resolve() },
    languages,
    compileCache: openCompileCache(defaultCompileCache, env),
    preparedStore: openPreparedStore(env),
  };
  const door = await openDoor({
    env,
    figures: () => ({
      pool: provider.poolStats?.() ?? null,
      destroying: provider.destroying?.() ?? 0,
    }),
    createService: () => {
      const service = createService(shared);
      service.onRan(onRan);
      return service;
    },
    onEnd: ({ id }) => {
      logger.info({ execution: id }, "ran for this user's command line");
    },
  });
  if (typeof door !== "string") return door;
  logger.info({ reason: door }, "runs of this user's command line don't come here");
  return undefined;
}
