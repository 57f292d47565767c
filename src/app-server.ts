/**
 * @module
 * A server put together from its parts: the other half of the composition root. Only `startServer` is
 * for others; it is loaded when a server is started.
 */
import {
  createProvider,
  createService,
  loadLanguages,
  openCompileCache,
  openPreparedStore,
  programVersion,
  refuseUselessCache,
} from "./app.ts";
import { loadConfig, type WrittenConfig } from "./config/load-config.ts";
import type { ServerConfig } from "./config/server-config.ts";
import { storageFolder } from "./config/storage-folder.ts";
import type { ProbeReport, Provider } from "./core/provider.ts";
import { createBudgets } from "./server/budgets.ts";
import { buildServer } from "./server/build-server.ts";
import { requiresKeys } from "./server/authenticate.ts";
import { createLogger } from "./server/create-logger.ts";
import { listen, reachOf, type Reach } from "./server/listen.ts";
import type { ServerOptions } from "./server/server-options.ts";
import { openObservers, type ServerObservers } from "./server/open-observers.ts";
import { watchProviders, watchService } from "./server/watch-service.ts";
import { openKept, type Kept } from "./service/kept.ts";
import type { ExecutionService } from "./service/service.ts";
import type { ServiceOptions } from "./service/service-options.ts";
import { createServedAsking } from "./app-asking.ts";
import { openLocalDoor, type LocalDoor } from "./app-local-door.ts";

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

export interface RunningServer extends Reach {
  /** `http://127.0.0.1:8000` */
  readonly url: string;
  /** Of wires with a port of their own, by their names. */
  readonly wireUrls: Readonly<Record<string, string>>;
  /** Of the default provider. */
  readonly probe: Promise<ProbeReport>;
  /** Takes nothing new, gives what runs its grace, and resolves when nothing is left. */
  close(): Promise<void>;
  /** Ends what runs at once. Resolves as `close` does. */
  kill(): Promise<void>;
}

type App = ReturnType<typeof buildServer>;

/** Those that can have a port of their own. */
const portWires = ["judge0", "piston"] as const;

interface Parts {
  readonly config: ServerConfig;
  readonly service: ExecutionService;
  readonly kept: Kept;
  readonly asks: ServerOptions["asks"];
  readonly observers: ServerObservers;
  /** The one that has everything, and those of single wires. */
  readonly servers: readonly [App, ...App[]];
  /** Ends what runs without the rest of its grace. */
  readonly cutGrace: () => void;
  readonly door: Parameters<typeof openLocalDoor>[0];
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
  const logger = createLogger(config, log);
  const { provider, otherProviders } = await createServedProviders(config, env);
  const providers = [provider, ...otherProviders];
  const ends: (() => Promise<void>)[] = [];
  try {
    const version = programVersion();
    const languages = loadLanguages();
    const languageIds = languages.languages.map(({ id }) => id);
    const observers = await openObservers({
      config,
      languageIds,
      env,
      version,
      logger,
      stderr: log,
    });
    ends.push(() => observers.close());
    const asking = createServedAsking({ config, env, cwd, configFile, observers, logger });
    const { asks, home, openAsking } = asking;
    const served = { provider, otherProviders, languages, openAsking };
    const service = createServedService(config, served, observers, env);
    ends.push(() => service.close());
    const kept = await openKept({
      ...keptOptions(config, env),
      service,
      onEnd: observers.executionEnded,
      onFault: (err, execution) => {
        logger.error({ err, execution }, "an execution could not be kept");
      },
      onCallback: observers.callbackEnded,
    });
    ends.push(() => kept.close());
    observers.metrics.watch({ storageBytes: () => kept.storageBytes() });
    const { executions, keys, shares } = kept;
    const grace = new AbortController();
    const shared = { service, executions, asks, home, keys, shares, observers };
    const parts = { ...shared, otherProviders, providers, config, logger };
    const budgets = createBudgets(config.server.bodyBudgetBytes);
    const servers = buildServers({ ...parts, version, budgets, graceCut: grace.signal });
    asking.protect(servers);
    const cutGrace = (): void => {
      executions.abortAll();
      grace.abort();
    };
    const door = { provider, languages, env, onRan: observers.executionRan, logger };
    const all = { config, service, kept, asks, observers, servers, cutGrace, door };
    return await run(all, providers);
  } catch (error) {
    for (const end of ends.reverse()) await end();
    await Promise.all(providers.map((each) => each.close()));
    throw error;
  }
}

async function run(parts: Parts, providers: readonly Provider[]): Promise<RunningServer> {
  const { config, kept, observers, servers } = parts;
  const [main] = servers;
  try {
    for (const each of providers) {
      // A daemon that is started later than this server is no reason not to start.
      const swept = each.sweep().then(
        () => "done" as const,
        (error: unknown) => {
          main.log.warn({ provider: each.name, err: error }, "could not tidy up");
          return "failed" as const;
        },
      );
      observers.metrics.sweepEnded(each.name, await swept);
    }
    for (const server of servers) await server.ready();
    const url = await listen(main, config, kept.hasKeys());
    const wireUrls = await listenForWires(servers, config);
    const recovered = await kept.start();
    if (recovered.queued + recovered.lost > 0) main.log.warn(recovered, "took over executions");
    observers.audit.serverStarted(programVersion());
    if (kept.hasKeys() && !requiresKeys(config))
      main.log.warn("there are keys, but no request needs one here: start with --auth required");
    const door = await openLocalDoor(parts.door);
    return {
      url,
      wireUrls,
      ...reachOf(config),
      probe: probe(parts, providers),
      ...stopping(parts, door),
    };
  } catch (error) {
    await Promise.all(servers.map((server) => server.close()));
    throw error;
  }
}

/** What isolates here, for the log and who asks. */
async function probe(
  { servers: [main] }: Parts,
  [provider, ...others]: readonly Provider[],
): Promise<ProbeReport> {
  if (provider === undefined) throw new Error("a server has a provider");
  const report = await provider.probe();
  const names = others.map((other) => other.name);
  const facts = Object.fromEntries(report.facts);
  main.log.info({ provider: report.provider, others: names, facts }, "isolation");
  return report;
}

function stopping(parts: Parts, door?: LocalDoor): Pick<RunningServer, "close" | "kill"> {
  const { config, service, kept, asks, observers, servers, cutGrace } = parts;
  const { executions } = kept;
  const stop = async (): Promise<void> => {
    executions.refuseNew();
    // What waits for an answer can get none any more.
    asks.close();
    const grace = setTimeout(() => {
      executions.abortAll();
      door?.stop();
    }, config.server.shutdownGraceMs);
    const closing = servers.map((server) => server.close());
    await Promise.all([...closing, executions.idle(), door?.close()]);
    clearTimeout(grace);
    await kept.close();
    await service.close();
    observers.audit.serverStopped();
    await observers.close();
  };
  let stopped: Promise<void> | undefined;
  const close = async (): Promise<void> => (stopped ??= stop());
  const kill = async (): Promise<void> => {
    const end = close();
    cutGrace();
    door?.stop();
    await end;
  };
  return { close, kill };
}

function buildServers(options: ServerOptions): readonly [App, ...App[]] {
  const { ports } = options.config.wires;
  const wires = portWires.filter((wire) => ports[wire] !== undefined);
  return [buildServer(options), ...wires.map((wire) => buildServer(options, wire))];
}

/** @returns The addresses of wires with a port of their own. */
async function listenForWires(
  [, ...servers]: Parts["servers"],
  config: ServerConfig,
): Promise<Readonly<Record<string, string>>> {
  const { ports } = config.wires;
  const wires = portWires.filter((wire) => ports[wire] !== undefined);
  const urls: Record<string, string> = {};
  for (const [index, wire] of wires.entries()) {
    const server = servers[index];
    const port = ports[wire] ?? 0;
    if (server === undefined) throw new Error("each wire with a port has a server");
    const ofWire = { ...config, server: { ...config.server, port } };
    urls[wire] = await listen(server, ofWire, true);
  }
  return urls;
}

function createServedService(
  config: ServerConfig,
  parts: Pick<ServiceOptions, "provider" | "otherProviders" | "languages" | "openAsking">,
  { metrics, tracer, executionRan }: ServerObservers,
  env: NodeJS.ProcessEnv,
): ExecutionService {
  const { concurrency, memoryBytes, maxQueued, compile, compileCache } = config;
  const service = createService({
    ...parts,
    metrics,
    tracer,
    concurrency,
    memoryBytes,
    maxQueued,
    compileLimits: compile,
    compileCache: openCompileCache(compileCache, env),
    preparedStore: openPreparedStore(env),
  });
  service.onRan(executionRan);
  watchProviders(metrics, [parts.provider, ...(parts.otherProviders ?? [])]);
  watchService(metrics, service, concurrency);
  return service;
}

function keptOptions(config: ServerConfig, env: NodeJS.ProcessEnv) {
  const { storage, executions, callbacks } = config;
  const { maxPending, queueTimeoutMs } = executions;
  return {
    folder: storageFolder(config, env),
    maxPending,
    // What waits may take as much again as what has ended.
    maxPendingBytes: storage.maxBytes,
    queueTimeoutMs,
    callbacks,
    retention: { ...storage, sharesMaxAgeMs: config.shares.maxAgeMs },
  };
}

/** The default provider, and the others that a request may name. */
async function createServedProviders(
  { provider: name, allowedProviders, docker, pools }: ServerConfig,
  env: NodeJS.ProcessEnv,
): Promise<Required<Pick<ServiceOptions, "provider" | "otherProviders">>> {
  const created: Provider[] = [];
  const settings = { expects: "many", pool: pools, docker, env } as const;
  try {
    const provider = await createProvider(name, settings);
    created.push(provider);
    for (const other of allowedProviders) {
      if (other !== provider.name) created.push(await createProvider(other, settings));
    }
    return { provider, otherProviders: created.slice(1) };
  } catch (error) {
    await Promise.all(created.map((each) => each.close()));
    throw error;
  }
}
