/**
 * @module
 * What a daemon says about itself (`GET /info`), as far as sandboxes depend on it.
 */
import { z } from "zod";
import { GloveboxError } from "../../core/errors.ts";
import type { EngineClient } from "./engine/client.ts";

const infoSchema = z.object({
  ServerVersion: z.string().default(""),
  OperatingSystem: z.string().default(""),
  OSType: z.string().default("linux"),
  Architecture: z.string().default(""),
  CgroupDriver: z.string().default(""),
  CgroupVersion: z.string().default("1"),
  MemoryLimit: z.boolean().default(false),
  SwapLimit: z.boolean().default(false),
  PidsLimit: z.boolean().default(false),
  SecurityOptions: z.array(z.string()).nullish(),
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
  DefaultRuntime: z.string().default("runc"),
});

export interface DaemonInfo {
  readonly version: string;
  readonly operatingSystem: string;
  /** Docker's name: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly cgroup: string;
  readonly limits: {
    readonly memory: boolean;
    readonly swap: boolean;
    readonly processes: boolean;
  };
  /** `seccomp`, `apparmor`, `rootless`, `userns`, … */
  readonly security: readonly string[];
  readonly ociRuntimes: readonly string[];
  readonly defaultOciRuntime: string;
}

/** uname(2)'s names, which `/info` has, by those that images have. */
const architectures: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

/** @throws {GloveboxError} `PROVIDER_UNAVAILABLE` where the daemon runs no Linux containers. */
export async function readInfo(client: EngineClient): Promise<DaemonInfo> {
  const info = infoSchema.parse(await client.request("GET", "/info"));
  if (info.OSType !== "linux") {
    const hint = "switch Docker to Linux containers";
    throw new GloveboxError(
      "PROVIDER_UNAVAILABLE",
      `docker: the daemon runs ${info.OSType} containers, Linux is needed: ${hint}.`,
      { provider: "docker", hint },
    );
  }
  return {
    version: info.ServerVersion,
    operatingSystem: info.OperatingSystem,
    architecture: architectures[info.Architecture] ?? info.Architecture,
    cgroup: `cgroup v${info.CgroupVersion}`,
    limits: { memory: info.MemoryLimit, swap: info.SwapLimit, processes: info.PidsLimit },
    security: (info.SecurityOptions ?? []).map(nameOfOption),
    // Shims by their containerd name are the same runtimes once more.
    ociRuntimes: Object.keys(info.Runtimes ?? {}).filter(
      (name) => !name.startsWith("io.containerd."),
    ),
    defaultOciRuntime: info.DefaultRuntime,
  };
}

/** `name=seccomp,profile=builtin` */
function nameOfOption(option: string): string {
  return /name=([^,]+)/.exec(option)?.[1] ?? option;
}
