/**
 * @module
 * Which environment variable stands for which field of the configuration file.
 */
import { limitNames } from "../core/limits.ts";
import { limitWord } from "./schema.ts";

/** `GLOVEBOX_CONFIG` is none of them: it names the file. */
export const fileVariable = "GLOVEBOX_CONFIG";

/** Where two variables name one field, the later row wins: `GLOVEBOX_PORT` over `PORT`. */
export const variableTable: readonly (readonly [variable: string, path: string])[] = [
  ["GLOVEBOX_HOST", "server.host"],
  ["PORT", "server.port"],
  ["GLOVEBOX_PORT", "server.port"],
  ["GLOVEBOX_BODY_LIMIT", "server.bodyLimit"],
  ["GLOVEBOX_BODY_BUDGET", "server.bodyBudget"],
  ["GLOVEBOX_INSECURE_NO_AUTH", "server.insecureNoAuth"],
  ["GLOVEBOX_MAX_FILES", "server.maxFiles"],
  ["GLOVEBOX_REQUEST_TIMEOUT", "server.requestTimeout"],
  ["GLOVEBOX_SHUTDOWN_GRACE", "server.shutdownGrace"],
  ["GLOVEBOX_AUTH", "server.auth"],
  ["GLOVEBOX_CORS_ORIGINS", "server.corsOrigins"],
  ["GLOVEBOX_TRUSTED_PROXIES", "server.trustedProxies"],
  ["GLOVEBOX_PROVIDER", "provider"],
  ["GLOVEBOX_ALLOWED_PROVIDERS", "allowedProviders"],
  ["GLOVEBOX_ALLOW_UNSAFE_PROCESS", "allowUnsafeProcess"],
  ["GLOVEBOX_DOCKER_HOST", "docker.host"],
  ["GLOVEBOX_DOCKER_OCI_RUNTIME", "docker.ociRuntime"],
  ["GLOVEBOX_DOCKER_IMAGE", "docker.image"],
  ["GLOVEBOX_DOCKER_PULL_POLICY", "docker.pullPolicy"],
  ["GLOVEBOX_DOCKER_POOL_SIZE", "docker.poolSize"],
  ["GLOVEBOX_IMAGES_ALLOWED", "images.allowed"],
  ["GLOVEBOX_ENFORCEMENT", "enforcement"],
  ["GLOVEBOX_CONCURRENCY", "concurrency"],
  ["GLOVEBOX_MEMORY", "memory"],
  ["GLOVEBOX_MAX_QUEUED", "maxQueued"],
  ["GLOVEBOX_QUEUE_TIMEOUT", "queueTimeout"],
  ["GLOVEBOX_EXECUTIONS_MAX_PENDING", "executions.maxPending"],
  ["GLOVEBOX_EXECUTIONS_QUEUE_TIMEOUT", "executions.queueTimeout"],
  ["GLOVEBOX_EXECUTIONS_MAX_BATCH", "executions.maxBatch"],
  ["GLOVEBOX_STORAGE_FOLDER", "storage.folder"],
  ["GLOVEBOX_STORAGE_MAX_AGE", "storage.maxAge"],
  ["GLOVEBOX_STORAGE_MAX_SIZE", "storage.maxSize"],
  ["GLOVEBOX_CALLBACKS_ALLOW_PRIVATE", "callbacks.allowPrivate"],
  ["GLOVEBOX_CALLBACKS_TIMEOUT", "callbacks.timeout"],
  ["GLOVEBOX_CALLBACKS_MAX_ATTEMPTS", "callbacks.maxAttempts"],
  ["GLOVEBOX_AUDIT_FILE", "audit.file"],
  ["GLOVEBOX_TRACING_ENDPOINT", "tracing.endpoint"],
  ["GLOVEBOX_WIRES_ENABLED", "wires.enabled"],
  ["GLOVEBOX_JUDGE0_PORT", "wires.judge0Port"],
  ["GLOVEBOX_PISTON_PORT", "wires.pistonPort"],
  ["GLOVEBOX_PISTON_RUN_TIME", "wires.pistonRunTime"],
  ["GLOVEBOX_PISTON_COMPILE_TIME", "wires.pistonCompileTime"],
  ...limitVariables("default"),
  ...limitVariables("max"),
  ["GLOVEBOX_COMPILE_WALL_TIME", "compile.wallTime"],
  ["GLOVEBOX_COMPILE_CPU_TIME", "compile.cpuTime"],
  ["GLOVEBOX_COMPILE_CACHE_FOLDER", "compileCache.folder"],
  ["GLOVEBOX_COMPILE_CACHE_SIZE", "compileCache.size"],
  ["GLOVEBOX_POOLS_SIZE", "pools.size"],
  ["GLOVEBOX_POOLS_MEMORY", "pools.memory"],
  ["GLOVEBOX_POOLS_FORK", "pools.fork"],
  ["GLOVEBOX_PREPARE", "prepare"],
  ["GLOVEBOX_ARTIFACTS_FILES", "artifacts.files"],
  ["GLOVEBOX_ARTIFACTS_SIZE", "artifacts.size"],
  ["GLOVEBOX_NETWORK_ALLOWED", "network.allowed"],
  ["GLOVEBOX_PERMISSIONS_FILES", "permissions.files"],
  ["GLOVEBOX_PERMISSIONS_ASK_TIMEOUT", "permissions.askTimeout"],
  ["GLOVEBOX_PERMISSIONS_ALLOW", "permissions.allow"],
  ["GLOVEBOX_PERMISSIONS_DENY", "permissions.deny"],
  ["GLOVEBOX_PERMISSIONS_ALWAYS", "permissions.always"],
  ["GLOVEBOX_SHARES_ENABLED", "shares.enabled"],
  ["GLOVEBOX_SHARES_MAX_SIZE", "shares.maxSize"],
  ["GLOVEBOX_SHARES_MAX_TOTAL", "shares.maxTotal"],
  ["GLOVEBOX_SHARES_MAX_AGE", "shares.maxAge"],
  ["GLOVEBOX_SHARES_PER_HOUR", "shares.perHour"],
  ["GLOVEBOX_LOG_LEVEL", "logLevel"],
];

/** `GLOVEBOX_DEFAULT_WALL_TIME`, `GLOVEBOX_MAX_MEMORY`. */
function limitVariables(kind: "default" | "max"): readonly (readonly [string, string])[] {
  return limitNames.map((name) => {
    const word = limitWord(name);
    const upper = word.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
    return [`GLOVEBOX_${kind.toUpperCase()}_${upper}`, `limits.${kind}.${word}`];
  });
}

interface EnvironmentSource {
  /** In the shape of the file, with text for every value. */
  readonly source: Record<string, unknown>;
  /** The variable that a field came from, by its path. */
  readonly variableOf: ReadonlyMap<string, string>;
}

/** Picks the variables of the table. An empty variable is one that is not set. */
export function readEnvironment(env: NodeJS.ProcessEnv): EnvironmentSource {
  const source: Record<string, unknown> = {};
  const variableOf = new Map<string, string>();
  for (const [variable, path] of variableTable) {
    const text = env[variable];
    if (text === undefined || text === "") continue;
    setPath(source, path.split("."), text);
    variableOf.set(path, variable);
  }
  return { source, variableOf };
}

function setPath(target: Record<string, unknown>, path: readonly string[], value: string): void {
  const [head = "", ...rest] = path;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = (target[head] ??= {}) as Record<string, unknown>;
  setPath(inner, rest, value);
}
