/**
 * @module
 * A server put together from its parts: the other half of the composition root. Only `startServer` is
 * for others; it is loaded when a server is started.
 */
import { join } from "node:path";
import {
  createProvider,
  createService,
  openCompileCache,
  openPreparedStore,
  programVersion,
} from "./app.ts";
import { loadConfig, type WrittenConfig } from "./config/load-config.ts";
import type { CompileCacheSettings, ServerConfig } from "./config/server-config.ts";
import { GloveboxError } from "./core/errors.ts";
import type { ProbeReport, Provider } from "./core/provider.ts";
import { buildServer } from "./server/build-server.ts";
import { listen } from "./server/listen.ts";
import { cacheFolderFault } from "./service/compile-cache/disk-cache.ts";
import { openKept, type Kept } from "./service/kept.ts";
import type { ExecutionService } from "./service/service.ts";
import type { ServiceOptions } from "./service/service-options.ts";
import { stateFolder } from "./util/user-folders.ts";

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

type App = ReturnType<typeof buildServer>;

interface Parts {
  readonly config: ServerConfig;
  readonly service: ExecutionService;
  readonly kept: Kept;
  readonly server: App;
}

/**
 * Tidies up after killed servers and listens.
 *
 * @throws {GloveboxError} `INVALID_CONFIG`, `PROVIDER_UNAVAILABLE`, `STORAGE_UNAVAILABLE`
 */
export async function startServer(options: StartServerOptions): Promise<RunningServer> {
  const { configFile, overrides, env, cwd, log } = options;
  const file = configFile === undefined ? {} : { file: configFile };
  const config = loadConfig({ ...file, overrides, env, cwd });
  await refuseUselessCache(config.compileCache);
  const { provider, otherProviders } = await createServedProviders(config, env);
  const service = createServedService(config, { provider, otherProviders }, env);
  let kept: Kept | undefined;
  try {
    // The server is there before anything can go wrong that its log should tell.
    const onFault = (error: unknown, executionId: string): void => {
      server?.log.error({ err: error, execution: executionId }, "an execution could not be kept");
    };
    let server: App | undefined;
    kept = await openKept({ ...keptOptions(config, env), service, onFault });
    const { executions, keys } = kept;
    const version = programVersion();
    server = buildServer({ service, executions, keys, otherProviders, config, version, log });
    return await run({ config, service, kept, server }, [provider, ...otherProviders]);
  } catch (error) {
    await service.close();
    await kept?.close();
    throw error;
  }
}

async function run(parts: Parts, [provider, ...others]: readonly Provider[]): Promise<RunningServer> {
  const { config, service, kept, server } = parts;
  try {
    if (provider === undefined) throw new Error("a server has a provider");
    for (const each of [provider, ...others]) {
      // A daemon that is started later than this server is no reason not to start.
      await each.sweep().catch((error: unknown) => {
        server.log.warn({ provider: each.name, err: error }, "could not tidy up");
      });
    }
    await server.ready();
    const url = await listen(server, config, kept.hasKeys());
    const recovered = await kept.start();
    if (recovered.queued + recovered.lost > 0) server.log.warn(recovered, "took over executions");
    const probe = provider.probe();
    void probe.then(({ provider: name, facts }) => {
      const names = others.map((other) => other.name);
      server.log.info({ provider: name, others: names, facts: Object.fromEntries(facts) }, "isolation");
    });
    return { url, probe, ...stopping({ config, service, kept, server }) };
  } catch (error) {
    await server.close();
    throw error;
  }
}

function stopping({ config, service, kept, server }: Parts): Pick<RunningServer, "close" | "kill"> {
  const end = async (): Promise<void> => {
    await kept.close();
    await service.close();
  };
  return {
    close: async () => {
      kept.executions.refuseNew();
      const grace = setTimeout(() => {
        kept.executions.abortAll();
      }, config.server.shutdownGraceMs);
      await Promise.all([server.close(), kept.executions.idle()]);
      clearTimeout(grace);
      await end();
    },
    kill: async () => {
      kept.executions.refuseNew();
      kept.executions.abortAll();
      await Promise.all([service.close(), server.close(), end()]);
    },
  };
}

function createServedService(
  config: ServerConfig,
  providers: Pick<ServiceOptions, "provider" | "otherProviders">,
  env: NodeJS.ProcessEnv,
): ExecutionService {
  const { concurrency, memoryBytes, maxQueued, compile, compileCache } = config;
  return createService({
    ...providers,
    concurrency,
    memoryBytes,
    maxQueued,
    compileLimits: compile,
    compileCache: openCompileCache(compileCache, env),
    preparedStore: openPreparedStore(env),
  });
}

function keptOptions({ storage, executions, callbacks }: ServerConfig, env: NodeJS.ProcessEnv) {
  const { maxPending, queueTimeoutMs } = executions;
  const { maxAgeMs, maxBytes } = storage;
  const folder = storage.folder ?? storageFolder(env);
  return { folder, maxPending, queueTimeoutMs, callbacks, retention: { maxAgeMs, maxBytes } };
}

/**
 * Where a server keeps its database if nobody says otherwise.
 *
 * @throws {GloveboxError} `INVALID_CONFIG` for a user without a home.
 */
export function storageFolder(env: NodeJS.ProcessEnv): string {
  const state = stateFolder(env);
  if (state !== undefined) return join(state, "server");
  const path = "storage.folder";
  const message = "this user has no home folder: say where executions and keys are kept";
  throw new GloveboxError("INVALID_CONFIG", `${path}: ${message}.`, { issues: [{ path, message }] });
}

async function refuseUselessCache({ folder, maxBytes }: CompileCacheSettings): Promise<void> {
  if (folder === undefined || maxBytes === 0) return;
  const message = await cacheFolderFault(folder);
  if (message === undefined) return;
  const path = "compileCache.folder";
  const text = `${path}: cannot keep anything in ${folder}: ${message}`;
  throw new GloveboxError("INVALID_CONFIG", text, { issues: [{ path, message }] });
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
