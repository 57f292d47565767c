/**
 * @module
 * What the operator of a server decides, after parsing: units are ms and bytes, values are right.
 */
import { availableParallelism } from "node:os";
import type { EnforcementMode } from "../core/enforcement.ts";
import type { PullPolicy } from "../core/image.ts";
import {
  defaultCompileWallTimeMs,
  defaultLimits,
  type LimitName,
  type Limits,
} from "../core/limits.ts";
import type { NetworkPolicy } from "../core/policy.ts";

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

export const networkModes = ["none", "all"] as const satisfies readonly NetworkPolicy["mode"][];
export const enforcementModes = [
  "strict",
  "best-effort",
] as const satisfies readonly EnforcementMode[];

/** `used`: a server prepares a language in the background once it was used. */
export const prepareModes = ["used", "off"] as const;

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
  /** Executions that wait for a slot; the next one is refused. 0: none waits. */
  readonly maxQueued: number;
  readonly limits: {
    /** What a caller gets who asks for nothing. */
    readonly default: BoundedLimits;
    /** The most that a caller can ask for. */
    readonly max: BoundedLimits;
  };
  readonly compile: { readonly wallTimeMs: number; readonly cpuTimeMs: number };
  readonly compileCache: CompileCacheSettings;
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
  readonly logLevel: (typeof logLevels)[number];
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
const MINUTE = 60_000;

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
  const concurrency = availableParallelism();
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
    maxQueued: 64,
    limits: { default: defaultLimits as BoundedLimits, max: maxLimits },
    compile: { wallTimeMs: defaultCompileWallTimeMs, cpuTimeMs: defaultCompileWallTimeMs },
    compileCache: defaultCompileCache,
    prepare: "used",
    artifacts: { maxFiles: 64, maxBytes: 8 * MIB },
    network: { allowed: ["none"] },
    logLevel: "info",
  };
}
