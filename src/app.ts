/**
 * @module
 * The composition root: the only file that knows all parts. Providers, the server and the
 * configuration are loaded when they are first needed: every `glovebox run` pays for what is loaded
 * here, and must not pay for Fastify, zod and YAML.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { WrittenConfig } from "./config/load-config.ts";
import type { ProviderName } from "./config/server-config.ts";
import { defaultCompileWallTimeMs } from "./core/limits.ts";
import type { Provider } from "./core/provider.ts";
import { readBuiltLanguages } from "./languages/built.ts";
import { indexLanguages } from "./languages/index-languages.ts";
import type { LanguageIndex } from "./languages/index-languages.ts";
import { providerLoaders } from "./providers/index.ts";
import { ExecutionService } from "./service/service.ts";
import type { ServiceOptions } from "./service/service.ts";
import { packageFolder } from "./util/package-folder.ts";

/** `auto` never means `process`: that one isolates nothing, so it must be named. */
const AUTO_PROVIDER = "linux";

/** The version of this package. */
export function programVersion(): string {
  const text = readFileSync(join(packageFolder(), "package.json"), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** The languages of this build. */
export function loadLanguages(): LanguageIndex {
  return indexLanguages(readBuiltLanguages(join(packageFolder(), "dist/languages.json")));
}

/** @throws {GloveboxError} `PROVIDER_UNAVAILABLE` */
export function createProvider(name: ProviderName): Promise<Provider> {
  return providerLoaders[name === "auto" ? AUTO_PROVIDER : name]();
}

export type CreateServiceOptions = Pick<ServiceOptions, "provider"> & Partial<ServiceOptions>;

/** A service for one run at a time, unless `options` say more. The caller closes it. */
export function createService(options: CreateServiceOptions): ExecutionService {
  return new ExecutionService({
    languages: options.languages ?? loadLanguages(),
    concurrency: 1,
    maxQueued: 0,
    compileLimits: { wallTimeMs: defaultCompileWallTimeMs, cpuTimeMs: defaultCompileWallTimeMs },
    ownNodePath: process.execPath,
    ...options,
  });
}

export interface StartServerOptions {
  /** Named on the command line; absent: `glovebox.yaml` in `cwd`, if it is there. */
  readonly configFile?: string;
  /** In the shape of the configuration file; wins over it and over `env`. */
  readonly overrides: WrittenConfig;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Takes the log, one JSON line a call. */
  readonly log: { write(line: string): void };
}

export interface RunningServer {
  /** `http://127.0.0.1:8000` */
  readonly url: string;
  readonly provider: Provider;
  /** Takes nothing new, gives what runs its grace, and resolves when nothing is left. */
  close(): Promise<void>;
  /** Ends what runs at once. Resolves as `close` does. */
  kill(): Promise<void>;
}

/**
 * Tidies up after killed servers and listens.
 *
 * @throws {GloveboxError} `INVALID_CONFIG`, `PROVIDER_UNAVAILABLE`
 */
export async function startServer(options: StartServerOptions): Promise<RunningServer> {
  const { configFile, overrides, env, cwd, log } = options;
  const { loadConfig } = await import("./config/load-config.ts");
  const file = configFile === undefined ? {} : { file: configFile };
  const config = loadConfig({ ...file, overrides, env, cwd });
  const provider = await createProvider(config.provider);
  await provider.sweep();
  const { concurrency, maxQueued, compile: compileLimits } = config;
  const service = createService({ provider, concurrency, maxQueued, compileLimits });

  const { buildServer } = await import("./server/build-server.ts");
  const { listen } = await import("./server/listen.ts");
  const server = buildServer({ service, config, version: programVersion(), log });
  const kill = async (): Promise<void> => {
    await Promise.all([service.close(), server.close()]);
  };
  const close = async (): Promise<void> => {
    await server.close();
    await service.close();
  };
  try {
    return { url: await listen(server, config), provider, close, kill };
  } catch (error) {
    await kill();
    throw error;
  }
}
