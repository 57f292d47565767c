/**
 * @module
 * What the operator of a server decides, after parsing: units are ms and bytes, values are right.
 */
import { availableParallelism, totalmem } from "node:os";
import type { EnforcementMode } from "../core/enforcement.ts";
import type { PullPolicy } from "../core/image.ts";
import {
  defaultCompileWallTimeMs,
  defaultLimits,
  type LimitName,
  type Limits,
} from "../core/limits.ts";
import type { NetworkPolicy } from "../core/policy.ts";
import { defaultShares, type ShareSettings, type StorageSettings } from "./kept-settings.ts";
import { defaultPermissions, type PermissionSettings } from "./permission-settings.ts";

/** `auto` picks a provider that isolates; it never picks `process`. */
export const providerNames = ["auto", "linux", "docker", "process"] as const;
export type ProviderName = (typeof providerNames)[number];

/** What a request may name: `auto` is the operator's word for the default one. */
export const requestableProviders = ["linux", "docker", "process"] as const;
export type RequestableProvider = (typeof requestableProviders)[number];

/** How the provider `docker` is set up. */
export interface DockerSettings {
  /** `unix:///…`, `tcp://…`; undefined: `DOCKER_HOST`, docker's context, the usual sockets. */
  readonly host: string | undefined;
  /** By its name at the daemon: `runc`, `runsc`; undefined: the daemon's default. */
  readonly ociRuntime: string | undefined;
  /** Of programs that belong to no language and name no image. */
  readonly image: string;
  readonly pullPolicy: PullPolicy;
  /** Containers kept ready, in all; 0: none. */
  readonly poolSize: number;
}

/** Of whoever runs one program: nothing is kept ready for the next. */
export const defaultDockerSettings: DockerSettings = {
  host: undefined,
  ociRuntime: undefined,
  image: "debian:stable-slim",
  pullPolicy: "never",
  poolSize: 0,
};

export const networkModes = [
  "none",
  "ask",
  "all",
] as const satisfies readonly NetworkPolicy["mode"][];
export const enforcementModes = [
  "strict",
  "best-effort",
] as const satisfies readonly EnforcementMode[];

/** `used`: a server prepares a language in the background once it was used. */
export const prepareModes = ["used", "off"] as const;

/** `off`: each program is started by itself, though it may be started ahead. */
export const forkModes = ["on", "off"] as const;

/** `auto`: wherever others can reach the server. */
export const authModes = ["auto", "required"] as const;

/** Other products' HTTP interfaces. */
export const wireNames = ["seeds", "piston", "judge0"] as const;
export type WireName = (typeof wireNames)[number];

/** Those of pino. */
export const logLevels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/** A limit of the server is always a number: an HTTP caller never gets "unlimited". */
export type BoundedLimits = { readonly [Name in keyof Limits]: number };

export interface ServerConfig {
  readonly server: {
    readonly host: string;
    /** 0 lets the system choose a free port. */
    readonly port: number;
    /** Larger bodies are refused before they are parsed. */
    readonly bodyLimitBytes: number;
    /** Bodies of all requests that are being served; what exceeds it is refused. At least `bodyLimitBytes`. */
    readonly bodyBudgetBytes: number;
    /** True lets the server listen where others can reach it, though it asks nobody who they are. */
    readonly insecureNoAuth: boolean;
    /** Files of one request. */
    readonly maxFiles: number;
    /** Time in which a whole request must have arrived. */
    readonly requestTimeoutMs: number;
    /** What a stopping server gives its runs before it ends them. */
    readonly shutdownGraceMs: number;
    /** Whether a request needs a key. */
    readonly auth: (typeof authModes)[number];
    /** Origins whose web pages may call; `*`: all of them. Those of the server's own may always. */
    readonly corsOrigins: readonly string[];
    /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. */
    readonly trustedProxies: readonly string[];
  };
  readonly provider: ProviderName;
  /** Others that a request may name. */
  readonly allowedProviders: readonly RequestableProvider[];
  readonly docker: DockerSettings;
  readonly images: {
    /** Those that a request may name, see `isAllowedImage`; of providers that have images. */
    readonly allowed: readonly string[];
  };
  /** What a request gets that does not say. */
  readonly enforcement: EnforcementMode;
  /** Executions at the same time. */
  readonly concurrency: number;
  /** Of what runs at the same time, by its limits; one execution alone always fits. */
  readonly memoryBytes: number;
  /** Executions whose callers wait, of one caller; the next one is refused. 0: none waits. */
  readonly maxQueued: number;
  /** How long an execution whose caller waits may wait for its slot. */
  readonly queueTimeoutMs: number;
  /** Executions that are answered later. */
  readonly executions: {
    /** Accepted and not ended, of all callers. */
    readonly maxPending: number;
    /** How long they may wait for their slot. */
    readonly queueTimeoutMs: number;
    /** Of one request. */
    readonly maxBatch: number;
  };
  readonly storage: StorageSettings;
  readonly callbacks: {
    /** Whether they may go to addresses that are not of the public Internet. */
    readonly allowPrivate: boolean;
    /** Of one attempt. */
    readonly timeoutMs: number;
    readonly maxAttempts: number;
  };
  /** Where the audit log goes: an absolute path, or `stderr`; undefined: nowhere. */
  readonly auditFile: string | undefined;
  /** Where OpenTelemetry traces go, by OTLP over HTTP; undefined: nowhere. */
  readonly tracingEndpoint: string | undefined;
  readonly wires: {
    readonly enabled: readonly WireName[];
    /** Ports where a wire is alone, at the root; undefined: none. */
    readonly ports: { readonly judge0: number | undefined; readonly piston: number | undefined };
    /** What a caller of Piston's interface gets, and can ask for at most: wall and CPU time. */
    readonly piston: { readonly runTimeMs: number; readonly compileTimeMs: number };
  };
  readonly limits: {
    /** What a caller gets who asks for nothing. */
    readonly default: BoundedLimits;
    /** The most that a caller can ask for. */
    readonly max: BoundedLimits;
  };
  readonly compile: { readonly wallTimeMs: number; readonly cpuTimeMs: number };
  readonly compileCache: CompileCacheSettings;
  /** Sandboxes of `linux` that are kept ready. */
  readonly pools: {
    /** In all; 0: none. */
    readonly size: number;
    /** What they may hold together. */
    readonly memoryBytes: number;
    /** Whether a program may be a fork of one that was started for all. */
    readonly fork: (typeof forkModes)[number];
  };
  /** When what a language's data says can be made beforehand is made. */
  readonly prepare: (typeof prepareModes)[number];
  /** Files that come back with an answer. */
  readonly artifacts: {
    /** 0: none. */
    readonly maxFiles: number;
    /** Of all together. */
    readonly maxBytes: number;
  };
  readonly network: {
    /** What a caller may ask for; who does not ask gets `none`. */
    readonly allowed: readonly NetworkPolicy["mode"][];
  };
  readonly permissions: PermissionSettings;
  readonly shares: ShareSettings;
  readonly logLevel: (typeof logLevels)[number];
}

/** What this machine, or the container that we are in, has for sandboxes. */
function sandboxMemoryBytes(): number {
  // 0 without a limit of a cgroup, or a number beyond all memory.
  const limit = process.constrainedMemory();
  const total = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return Math.floor(total * MEMORY_SHARE);
}

/** One a CPU, but no more than have room. */
function defaultConcurrency(memoryBytes: number): number {
  const fit = Math.floor(memoryBytes / defaultLimits.memoryBytes);
  return Math.max(1, Math.min(availableParallelism(), fit));
}

/** While one container of a slot runs, the next is made. */
export function defaultPoolSize(concurrency: number): number {
  return Math.min(2 * concurrency, maxPoolSize);
}

/** Each is a container with its processes, on one machine. */
export const maxPoolSize = 1024;

const MIB = 2 ** 20;

/** What compilers made, kept on disk. */
export interface CompileCacheSettings {
  /** Absolute; undefined: in the cache folder of this user. */
  readonly folder: string | undefined;
  /** Of all entries together; 0: nothing is kept. */
  readonly maxBytes: number;
}

export const defaultCompileCache: CompileCacheSettings = { folder: undefined, maxBytes: 512 * MIB };

/** They are part of one JSON document. */
export const maxArtifactFiles = 10_000;
export const maxArtifactBytes = 64 * MIB;
/** One or two of each popular language. */
const MIN_READY = 16;
const POOL_MEMORY_BYTES = 512 * MIB;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Sandboxes leave the rest to the system and to this program. */
const MEMORY_SHARE = 0.75;

/** The most that callers can ask for where the operator says nothing. */
const maxLimits: BoundedLimits = {
  wallTimeMs: 5 * MINUTE,
  cpuTimeMs: 5 * MINUTE,
  memoryBytes: 4096 * MIB,
  processes: 1024,
  outputBytes: 16 * MIB,
  diskBytes: 1024 * MIB,
  openFiles: 4096,
} satisfies Record<LimitName, number>;

/** What holds where neither file, environment nor command line say otherwise. */
export function defaultServerConfig(): ServerConfig {
  const memoryBytes = sandboxMemoryBytes();
  const concurrency = defaultConcurrency(memoryBytes);
  return {
    server: {
      host: "127.0.0.1",
      port: 8000,
      bodyLimitBytes: 16 * MIB,
      bodyBudgetBytes: 256 * MIB,
      insecureNoAuth: false,
      maxFiles: 256,
      requestTimeoutMs: MINUTE,
      shutdownGraceMs: 5000,
      auth: "auto",
      corsOrigins: [],
      trustedProxies: [],
    },
    provider: "auto",
    allowedProviders: [],
    docker: {
      ...defaultDockerSettings,
      poolSize: defaultPoolSize(concurrency),
    },
    images: { allowed: [] },
    enforcement: "strict",
    concurrency,
    memoryBytes,
    maxQueued: 512,
    queueTimeoutMs: MINUTE,
    executions: { maxPending: 20_000, queueTimeoutMs: HOUR, maxBatch: 100 },
    storage: { folder: undefined, maxAgeMs: 24 * HOUR, maxBytes: 1024 * MIB },
    callbacks: { allowPrivate: false, timeoutMs: 10_000, maxAttempts: 6 },
    auditFile: undefined,
    tracingEndpoint: undefined,
    wires: {
      enabled: wireNames,
      ports: { judge0: undefined, piston: undefined },
      piston: { runTimeMs: 3000, compileTimeMs: 10_000 },
    },
    limits: { default: defaultLimits as BoundedLimits, max: maxLimits },
    compile: { wallTimeMs: defaultCompileWallTimeMs, cpuTimeMs: defaultCompileWallTimeMs },
    compileCache: defaultCompileCache,
    pools: {
      size: Math.max(MIN_READY, defaultPoolSize(concurrency)),
      memoryBytes: Math.min(POOL_MEMORY_BYTES, Math.floor(memoryBytes / 4)),
      fork: "on",
    },
    prepare: "used",
    artifacts: { maxFiles: 64, maxBytes: 8 * MIB },
    network: { allowed: ["none"] },
    permissions: defaultPermissions,
    shares: defaultShares,
    logLevel: "info",
  };
}
