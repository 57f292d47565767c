/**
 * @module
 * Puts checked sources on top of the defaults, and checks what holds between fields.
 */
import { GloveboxError, type Issue } from "../core/errors.ts";
import { limitNames } from "../core/limits.ts";
import { fieldWithFlag } from "./flags.ts";
import { limitWord, type ConfigSource } from "./schema.ts";
import {
  defaultPoolSize,
  defaultServerConfig,
  type BoundedLimits,
  type ServerConfig,
} from "./server-config.ts";

/**
 * @param sources Later ones win, field by field.
 * @throws {GloveboxError} `INVALID_CONFIG` where fields contradict each other.
 */
export function mergeSources(sources: readonly ConfigSource[]): ServerConfig {
  const pick = <T>(read: (source: ConfigSource) => T | undefined, otherwise: T): T =>
    sources.reduce((value, source) => read(source) ?? value, otherwise);
  const defaults = defaultServerConfig();
  const { piston } = defaults.wires;
  const provider = pick((source) => source.provider, defaults.provider);
  const concurrency = pick((source) => source.concurrency, defaults.concurrency);
  const config: ServerConfig = {
    server: mergeServer(pick, defaults.server),
    provider,
    allowedProviders: pick((source) => source.allowedProviders, defaults.allowedProviders),
    docker: mergeDocker(pick, defaults.docker, concurrency),
    images: { allowed: pick((source) => source.images?.allowed, defaults.images.allowed) },
    // Without isolation nothing can be strict: the operator said so with `allowUnsafeProcess`.
    enforcement: pick(
      (source) => source.enforcement,
      provider === "process" ? "best-effort" : defaults.enforcement,
    ),
    concurrency,
    memoryBytes: pick((source) => source.memory, defaults.memoryBytes),
    maxQueued: pick((source) => source.maxQueued, defaults.maxQueued),
    queueTimeoutMs: pick((source) => source.queueTimeout, defaults.queueTimeoutMs),
    ...mergeExecutions(pick, defaults),
    auditFile: pick((source) => source.audit?.file, defaults.auditFile),
    tracingEndpoint: pick((source) => source.tracing?.endpoint, defaults.tracingEndpoint),
    wires: {
      enabled: pick((source) => source.wires?.enabled, defaults.wires.enabled),
      ports: {
        judge0: pick((source) => source.wires?.judge0Port, defaults.wires.ports.judge0),
        piston: pick((source) => source.wires?.pistonPort, defaults.wires.ports.piston),
      },
      piston: {
        runTimeMs: pick((source) => source.wires?.pistonRunTime, piston.runTimeMs),
        compileTimeMs: pick((source) => source.wires?.pistonCompileTime, piston.compileTimeMs),
      },
    },
    limits: mergeLimits(sources, defaults.limits),
    compile: {
      wallTimeMs: pick((source) => source.compile?.wallTime, defaults.compile.wallTimeMs),
      cpuTimeMs: pick((source) => source.compile?.cpuTime, defaults.compile.cpuTimeMs),
    },
    compileCache: mergeCompileCache(pick, defaults.compileCache),
    pools: mergePools(pick, defaults.pools),
    prepare: pick((source) => source.prepare, defaults.prepare),
    artifacts: {
      maxFiles: pick((source) => source.artifacts?.files, defaults.artifacts.maxFiles),
      maxBytes: pick((source) => source.artifacts?.size, defaults.artifacts.maxBytes),
    },
    network: { allowed: pick((source) => source.network?.allowed, defaults.network.allowed) },
    permissions: mergePermissions(pick, defaults.permissions),
    shares: mergeShares(pick, defaults.shares),
    logLevel: pick((source) => source.logLevel, defaults.logLevel),
  };
  checkTogether(
    config,
    pick((source) => source.allowUnsafeProcess, false),
  );
  return config;
}

type Read = <T>(read: (source: ConfigSource) => T | undefined, otherwise: T) => T;

function mergeServer(pick: Read, defaults: ServerConfig["server"]): ServerConfig["server"] {
  return {
    host: pick(({ server }) => server?.host, defaults.host),
    port: pick(({ server }) => server?.port, defaults.port),
    ...mergeBodySizes(pick, defaults),
    insecureNoAuth: pick(({ server }) => server?.insecureNoAuth, defaults.insecureNoAuth),
    maxFiles: pick(({ server }) => server?.maxFiles, defaults.maxFiles),
    requestTimeoutMs: pick(({ server }) => server?.requestTimeout, defaults.requestTimeoutMs),
    shutdownGraceMs: pick(({ server }) => server?.shutdownGrace, defaults.shutdownGraceMs),
    auth: pick(({ server }) => server?.auth, defaults.auth),
    corsOrigins: pick(({ server }) => server?.corsOrigins, defaults.corsOrigins),
    trustedProxies: pick(({ server }) => server?.trustedProxies, defaults.trustedProxies),
  };
}

function mergeExecutions(
  pick: Read,
  { executions, storage, callbacks }: ServerConfig,
): Pick<ServerConfig, "executions" | "storage" | "callbacks"> {
  return {
    executions: {
      maxPending: pick((source) => source.executions?.maxPending, executions.maxPending),
      queueTimeoutMs: pick((source) => source.executions?.queueTimeout, executions.queueTimeoutMs),
      maxBatch: pick((source) => source.executions?.maxBatch, executions.maxBatch),
    },
    storage: {
      folder: pick((source) => source.storage?.folder, storage.folder),
      maxAgeMs: pick((source) => source.storage?.maxAge, storage.maxAgeMs),
      maxBytes: pick((source) => source.storage?.maxSize, storage.maxBytes),
    },
    callbacks: {
      allowPrivate: pick((source) => source.callbacks?.allowPrivate, callbacks.allowPrivate),
      timeoutMs: pick((source) => source.callbacks?.timeout, callbacks.timeoutMs),
      maxAttempts: pick((source) => source.callbacks?.maxAttempts, callbacks.maxAttempts),
    },
  };
}

function mergeCompileCache(
  pick: Read,
  defaults: ServerConfig["compileCache"],
): ServerConfig["compileCache"] {
  return {
    folder: pick(({ compileCache }) => compileCache?.folder, defaults.folder),
    maxBytes: pick(({ compileCache }) => compileCache?.size, defaults.maxBytes),
  };
}

function mergePools(pick: Read, defaults: ServerConfig["pools"]): ServerConfig["pools"] {
  return {
    size: pick(({ pools }) => pools?.size, defaults.size),
    memoryBytes: pick(({ pools }) => pools?.memory, defaults.memoryBytes),
    fork: pick(({ pools }) => pools?.fork, defaults.fork),
  };
}

function mergePermissions(
  pick: Read,
  defaults: ServerConfig["permissions"],
): ServerConfig["permissions"] {
  return {
    files: pick(({ permissions }) => permissions?.files, defaults.files),
    askTimeoutMs: pick(({ permissions }) => permissions?.askTimeout, defaults.askTimeoutMs),
    allow: pick(({ permissions }) => permissions?.allow, defaults.allow),
    deny: pick(({ permissions }) => permissions?.deny, defaults.deny),
    always: pick(({ permissions }) => permissions?.always, defaults.always),
  };
}

function mergeShares(pick: Read, defaults: ServerConfig["shares"]): ServerConfig["shares"] {
  return {
    enabled: pick(({ shares }) => shares?.enabled, defaults.enabled),
    maxBytes: pick(({ shares }) => shares?.maxSize, defaults.maxBytes),
    maxTotalBytes: pick(({ shares }) => shares?.maxTotal, defaults.maxTotalBytes),
    maxAgeMs: pick(({ shares }) => shares?.maxAge, defaults.maxAgeMs),
    perHour: pick(({ shares }) => shares?.perHour, defaults.perHour),
  };
}

function mergeDocker(
  pick: Read,
  defaults: ServerConfig["docker"],
  concurrency: number,
): ServerConfig["docker"] {
  return {
    host: pick(({ docker }) => docker?.host, defaults.host),
    ociRuntime: pick(({ docker }) => docker?.ociRuntime, defaults.ociRuntime),
    image: pick(({ docker }) => docker?.image, defaults.image),
    pullPolicy: pick(({ docker }) => docker?.pullPolicy, defaults.pullPolicy),
    poolSize: pick(({ docker }) => docker?.poolSize, defaultPoolSize(concurrency)),
  };
}

/** Of limit and budget, the one that the operator wrote takes the built-in other along. */
function mergeBodySizes(
  pick: Read,
  defaults: ServerConfig["server"],
): Pick<ServerConfig["server"], "bodyLimitBytes" | "bodyBudgetBytes"> {
  const limit = pick<number | undefined>(({ server }) => server?.bodyLimit, undefined);
  const budget = pick<number | undefined>(({ server }) => server?.bodyBudget, undefined);
  return {
    bodyLimitBytes: limit ?? Math.min(defaults.bodyLimitBytes, budget ?? Infinity),
    bodyBudgetBytes: budget ?? Math.max(defaults.bodyBudgetBytes, limit ?? 0),
  };
}

/**
 * A maximum that the operator lowers takes the built-in default down with it, and a default that
 * the operator raises takes the built-in maximum up; two values of the operator must agree.
 */
function mergeLimits(
  sources: readonly ConfigSource[],
  builtIn: ServerConfig["limits"],
): ServerConfig["limits"] {
  const written = (kind: "default" | "max", name: (typeof limitNames)[number]) =>
    sources.reduce<number | undefined>(
      (value, { limits }) => limits?.[kind]?.[limitWord(name)] ?? value,
      undefined,
    );
  const rows = limitNames.map((name) => {
    const writtenDefault = written("default", name);
    const writtenMax = written("max", name);
    return {
      name,
      default: writtenDefault ?? Math.min(builtIn.default[name], writtenMax ?? Infinity),
      max: writtenMax ?? Math.max(builtIn.max[name], writtenDefault ?? 0),
    };
  });
  const column = (kind: "default" | "max"): BoundedLimits =>
    Object.fromEntries(rows.map((row) => [row.name, row[kind]])) as unknown as BoundedLimits;
  return { default: column("default"), max: column("max") };
}

function checkTogether(config: ServerConfig, allowUnsafeProcess: boolean): void {
  const issues: Issue[] = limitNames
    .filter((name) => config.limits.default[name] > config.limits.max[name])
    .map((name) => ({
      path: `limits.default.${limitWord(name)}`,
      message: `must be at most limits.max.${limitWord(name)}, ${config.limits.max[name]}, not ${config.limits.default[name]}`,
    }));
  const { bodyLimitBytes, bodyBudgetBytes } = config.server;
  if (bodyBudgetBytes < bodyLimitBytes) {
    issues.push({
      path: "server.bodyBudget",
      message: `must be at least server.bodyLimit, ${bodyLimitBytes}, not ${bodyBudgetBytes}`,
    });
  }
  if (config.provider !== "process" && config.allowedProviders.includes("process")) {
    issues.push({
      path: "allowedProviders",
      message:
        "can't have `process`: a server that isolates does not let a caller choose to run without it",
    });
  }
  if (config.provider === "process" && !allowUnsafeProcess) {
    issues.push({
      path: "provider",
      message:
        "`process` isolates nothing: programs run as this user, with this user's files and network. If that is what you want, set allowUnsafeProcess (--allow-unsafe-process) to true as well",
    });
  }
  if (issues.length === 0) return;
  const lines = issues.map(
    ({ path, message }) => `configuration: ${fieldWithFlag(path)} ${message}`,
  );
  throw new GloveboxError("INVALID_CONFIG", lines.join("\n"), { issues });
}
