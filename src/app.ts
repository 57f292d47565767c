/**
 * @module
 * The composition root: the only file that knows all parts. Providers, the server and the
 * configuration are loaded when they are first needed: every `glovebox run` pays for what is loaded
 * here, and must not pay for Fastify, zod and YAML.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { WrittenConfig } from "./config/load-config.ts";
import { defaultDockerSettings } from "./config/server-config.ts";
import type {
  CompileCacheSettings,
  DockerSettings,
  ProviderName,
  ServerConfig,
} from "./config/server-config.ts";
import { defaultCompileWallTimeMs } from "./core/limits.ts";
import type { ImageProgress } from "./core/image.ts";
import type { ProbeReport, Provider } from "./core/provider.ts";
import { GloveboxError, isGloveboxError } from "./core/errors.ts";
import { readBuiltLanguages } from "./languages/built.ts";
import { indexLanguages } from "./languages/index-languages.ts";
import type { LanguageIndex } from "./languages/index-languages.ts";
import {
  chooseProvider,
  passedOverFor,
  providerLoaders,
  requireChoice,
  type Choice,
  type PassedOver,
  type ProviderOptions,
} from "./providers/index.ts";
import type { CompileCache } from "./service/compile-cache/compile-cache.ts";
import { createDiskCache } from "./service/compile-cache/disk-cache.ts";
import { createPreparedStore, type PreparedStore } from "./service/prepared/prepared-store.ts";
import { ExecutionService } from "./service/service.ts";
import type { ServiceOptions } from "./service/service-options.ts";
import { cacheFolder } from "./util/user-folders.ts";
import { packageFolder } from "./util/package-folder.ts";

/** The version of this package. */
export function programVersion(): string {
  const text = readFileSync(join(packageFolder(), "package.json"), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** The languages of this build. */
export function loadLanguages(): LanguageIndex {
  return indexLanguages(readBuiltLanguages(join(packageFolder(), "dist/languages.json")));
}

export type { Choice, PassedOver } from "./providers/index.ts";

export interface CreateProviderOptions {
  /** Where they say nothing: the daemon that docker's command line would use, and no pulls. */
  readonly docker?: Partial<DockerSettings>;
  /** Called with the progress of pulls that a sandbox needs. */
  readonly onPull?: (image: string, progress: ImageProgress) => void;
  /** Where the daemon's address is looked for, and docker's context. Default: of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * A provider by name. `auto` starts a sandbox to find the best one that isolates: `linux`, else
 * `docker`; it never means `process`, which must be named. The caller closes it.
 *
 * @throws {GloveboxError} `PROVIDER_UNAVAILABLE`, `INVALID_CONFIG`
 */
export async function createProvider(
  name: ProviderName,
  options: CreateProviderOptions = {},
): Promise<Provider> {
  if (name === "auto") return requireChoice(await findProvider(options));
  return providerLoaders[name](providerOptions(options));
}

/** What `auto` means here, by real sandboxes, and why. */
export async function findProvider(options: CreateProviderOptions = {}): Promise<Choice> {
  return chooseProvider(providerOptions(options), "probe");
}

/**
 * A provider for one run, which must not wait for a probe. Where `auto` chose one that then can't
 * create a sandbox, `instead` has the next best.
 *
 * @throws {GloveboxError} See `createProvider`.
 */
export async function createProviderQuickly(
  name: ProviderName,
  options: CreateProviderOptions,
): Promise<QuickProvider> {
  const never = (): Promise<undefined> => Promise.resolve(undefined);
  if (name !== "auto") return { provider: await createProvider(name, options), instead: never };
  const settings = providerOptions(options);
  const choose = async (known: readonly PassedOver[]): Promise<QuickProvider> => {
    const choice = await chooseProvider(settings, "look", known);
    const provider = requireChoice(choice);
    return {
      provider,
      instead: async (error) => {
        if (!isGloveboxError(error) || error.code !== "PROVIDER_UNAVAILABLE") return undefined;
        return choose([...choice.passedOver, passedOverFor(provider.name, error)]);
      },
    };
  };
  return choose([]);
}

export interface QuickProvider {
  readonly provider: Provider;
  /**
   * The next best after this failure of `create`; undefined where the failure says nothing against
   * the provider, or it was named.
   *
   * @throws {GloveboxError} `PROVIDER_UNAVAILABLE` where there is none.
   */
  readonly instead: (error: unknown) => Promise<QuickProvider | undefined>;
}

function providerOptions({ docker, onPull, env }: CreateProviderOptions): ProviderOptions {
  return {
    docker: {
      ...defaultDockerSettings,
      ...docker,
      env: env ?? process.env,
      ...(onPull === undefined ? {} : { onPull }),
    },
  };
}

export type CreateServiceOptions = Pick<ServiceOptions, "provider"> & Partial<ServiceOptions>;

/** A service for one run at a time, unless `options` say more. The caller closes it. */
export function createService(options: CreateServiceOptions): ExecutionService {
  return new ExecutionService({
    languages: options.languages ?? loadLanguages(),
    concurrency: 1,
    // The next one waits until the sandbox of the one before is gone.
    maxQueued: 64,
    compileLimits: { wallTimeMs: defaultCompileWallTimeMs, cpuTimeMs: defaultCompileWallTimeMs },
    ownNodePath: process.execPath,
    ...options,
  });
}

/** Undefined where there is none: nothing is to be kept, or there is no place for it. */
export function openCompileCache(
  { folder, maxBytes }: CompileCacheSettings,
  env: NodeJS.ProcessEnv,
): CompileCache | undefined {
  const base = cacheFolder(env);
  const place = folder ?? (base === undefined ? undefined : join(base, "compiled"));
  return place === undefined || maxBytes === 0
    ? undefined
    : createDiskCache({ folder: place, maxBytes });
}

/** What `prepare` in a language's data makes; undefined for a user without a home. */
export function openPreparedStore(env: NodeJS.ProcessEnv): PreparedStore | undefined {
  const base = cacheFolder(env);
  return base === undefined ? undefined : createPreparedStore(join(base, "prepared"));
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
  /** Of the default provider. */
  readonly probe: Promise<ProbeReport>;
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
  const { provider, otherProviders } = await createServedProviders(config, env);
  const { concurrency, maxQueued, compile: compileLimits, compileCache } = config;
  await refuseUselessCache(compileCache);
  const service = createService({
    provider,
    otherProviders,
    concurrency,
    maxQueued,
    compileLimits,
    compileCache: openCompileCache(compileCache, env),
    preparedStore: openPreparedStore(env),
  });

  const { buildServer } = await import("./server/build-server.ts");
  const { listen } = await import("./server/listen.ts");
  const server = buildServer({ service, otherProviders, config, version: programVersion(), log });
  const kill = async (): Promise<void> => {
    await Promise.all([service.close(), server.close()]);
  };
  const close = async (): Promise<void> => {
    await server.close();
    await service.close();
  };
  try {
    for (const each of [provider, ...otherProviders]) {
      // A daemon that is started later than this server is no reason not to start.
      await each.sweep().catch((error: unknown) => {
        server.log.warn({ provider: each.name, err: error }, "could not tidy up");
      });
    }
    const url = await listen(server, config);
    const probe = provider.probe();
    void probe.then(({ provider: name, facts }) => {
      const others = otherProviders.map((other) => other.name);
      server.log.info({ provider: name, others, facts: Object.fromEntries(facts) }, "isolation");
    });
    return { url, probe, close, kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

async function refuseUselessCache({ folder, maxBytes }: CompileCacheSettings): Promise<void> {
  if (folder === undefined || maxBytes === 0) return;
  const { cacheFolderFault } = await import("./service/compile-cache/disk-cache.ts");
  const message = await cacheFolderFault(folder);
  if (message === undefined) return;
  const path = "compileCache.folder";
  throw new GloveboxError(
    "INVALID_CONFIG",
    `${path}: cannot keep anything in ${folder}: ${message}`,
    {
      issues: [{ path, message }],
    },
  );
}

/** The default provider, and the others that a request may name. */
async function createServedProviders(
  { provider: name, allowedProviders, docker }: ServerConfig,
  env: NodeJS.ProcessEnv,
): Promise<Required<Pick<ServiceOptions, "provider" | "otherProviders">>> {
  const created: Provider[] = [];
  try {
    const provider = await createProvider(name, { docker, env });
    created.push(provider);
    for (const other of allowedProviders) {
      if (other !== provider.name) created.push(await createProvider(other, { docker, env }));
    }
    return { provider, otherProviders: created.slice(1) };
  } catch (error) {
    await Promise.all(created.map((each) => each.close()));
    throw error;
  }
}
