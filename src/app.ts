/**
 * @module
 * The composition root: the only file that knows all parts. Providers, the server and the
 * configuration are loaded when they are first needed: every `glovebox run` pays for what is loaded
 * here, and must not pay for Fastify, zod and YAML.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultDockerSettings } from "./config/server-config.ts";
import type { CompileCacheSettings, DockerSettings, ProviderName } from "./config/server-config.ts";
import { defaultCompileWallTimeMs } from "./core/limits.ts";
import type { ImageProgress } from "./core/image.ts";
import type { Provider } from "./core/provider.ts";
import { GloveboxError, isGloveboxError } from "./core/errors.ts";
import type { PipeFds } from "./launcher/make-pipes.ts";
import { readBuiltLanguages } from "./languages/built.ts";
import { indexLanguages } from "./languages/index-languages.ts";
import type { LanguageIndex } from "./languages/index-languages.ts";
import {
  chooseProvider,
  passedOverFor,
  providerLoaders,
  requireChoice,
  type Choice,
  type LambdaProviderOptions,
  type PassedOver,
  type PoolSettings,
  type ProviderOptions,
  type RemoteProviderOptions,
} from "./providers/index.ts";
import type { LambdaAccount } from "./providers/lambda/account.ts";
import type { CompileCache } from "./service/compile-cache/compile-cache.ts";
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
  /** `many` sandboxes, one after the other or at once, start sooner. Default: `one`. */
  readonly expects?: "one" | "many";
  /** Of `many`: what `linux` keeps ready. Absent: nothing. */
  readonly pool?: PoolSettings;
  /** Where they say nothing: the daemon that docker's command line would use, and no pulls. */
  readonly docker?: Partial<DockerSettings>;
  /** The server of `remote`, and the key that it wants. */
  readonly remote?: RemoteProviderOptions;
  /** Of `lambda`. Default: as AWS's environment has it. */
  readonly lambda?: LambdaProviderOptions;
  /** Called with the progress of pulls that a sandbox needs. */
  readonly onPull?: (image: string, progress: ImageProgress) => void;
  /** Where the daemon's address is looked for, and docker's context. Default: of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * A provider by name. `auto` starts a sandbox to find the best one that isolates: `linux`, else
 * `docker`; it never means `process`, `remote` or `lambda`, which must be named. The caller closes it.
 *
 * @throws {GloveboxError} `PROVIDER_UNAVAILABLE`, `INVALID_CONFIG`, `INVALID_REQUEST`
 */
export async function createProvider(
  name: ProviderName | "remote" | "lambda",
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
  name: ProviderName | "remote" | "lambda",
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

function providerOptions({
  expects = "one",
  pool,
  docker,
  remote,
  lambda,
  onPull,
  env,
}: CreateProviderOptions): ProviderOptions {
  return {
    expects,
    ...(pool === undefined ? {} : { pool }),
    ...(remote === undefined ? {} : { remote }),
    ...(lambda === undefined ? {} : { lambda }),
    docker: {
      ...defaultDockerSettings,
      ...docker,
      env: env ?? process.env,
      ...(onPull === undefined ? {} : { onPull }),
    },
  };
}

export type { LambdaAccount, LambdaFunction } from "./providers/lambda/account.ts";

/**
 * The functions of this user at AWS. The caller closes it.
 *
 * @throws {GloveboxError} `PROVIDER_UNAVAILABLE`
 */
export async function openLambda(): Promise<LambdaAccount> {
  const { openLambdaAccount } = await import("./providers/lambda/account.ts");
  return openLambdaAccount({});
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
  return place === undefined || maxBytes === 0 ? undefined : lazyDiskCache(place, maxBytes);
}

/** @throws {GloveboxError} `INVALID_CONFIG` for a folder that nothing can be kept in. */
export async function refuseUselessCache({
  folder,
  maxBytes,
}: CompileCacheSettings): Promise<void> {
  if (folder === undefined || maxBytes === 0) return;
  const { cacheFolderFault } = await import("./service/compile-cache/disk-cache.ts");
  const message = await cacheFolderFault(folder);
  if (message === undefined) return;
  const path = "compileCache.folder";
  const text = `${path}: cannot keep anything in ${folder}: ${message}`;
  throw new GloveboxError("INVALID_CONFIG", text, { issues: [{ path, message }] });
}

/** Most programs are not compiled. */
function lazyDiskCache(folder: string, maxBytes: number): CompileCache {
  let opened: Promise<CompileCache> | undefined;
  const open = async (): Promise<CompileCache> => {
    const { createDiskCache } = await import("./service/compile-cache/disk-cache.ts");
    return createDiskCache({ folder, maxBytes });
  };
  const cache = (): Promise<CompileCache> => (opened ??= open());
  return {
    get: async (key) => (await cache()).get(key),
    put: async (key, program) => (await cache()).put(key, program),
  };
}

/**
 * Pipes of the kernel, for programs in sandboxes of this machine; see `makePipes`.
 *
 * @throws {Error} where none can be had.
 */
export async function openPipes(count: number): Promise<readonly PipeFds[]> {
  const { locateLauncher } = await import("./launcher/locate-launcher.ts");
  const { makePipes } = await import("./launcher/make-pipes.ts");
  return makePipes(await locateLauncher(), count);
}

/** What `prepare` in a language's data makes; undefined for a user without a home. */
export function openPreparedStore(env: NodeJS.ProcessEnv): PreparedStore | undefined {
  const base = cacheFolder(env);
  return base === undefined ? undefined : createPreparedStore(join(base, "prepared"));
}
