/**
 * @module
 * What a daemon says about itself (`GET /info`), as far as sandboxes depend on it.
 */
// The small one: this is part of the CLI's quick bundle.
import * as z from "zod/mini";
import { GloveboxError } from "../../core/errors.ts";
import { ask } from "./answer.ts";
import type { EngineClient } from "./engine/client.ts";

const infoSchema = z.object({
  ServerVersion: z._default(z.string(), ""),
  OperatingSystem: z._default(z.string(), ""),
  OSType: z._default(z.string(), "linux"),
  Architecture: z._default(z.string(), ""),
  CgroupDriver: z._default(z.string(), ""),
  CgroupVersion: z._default(z.string(), "1"),
  MemoryLimit: z._default(z.boolean(), false),
  SwapLimit: z._default(z.boolean(), false),
  PidsLimit: z._default(z.boolean(), false),
  SecurityOptions: z.nullish(z.array(z.string())),
  Runtimes: z.nullish(z.record(z.string(), z.object({ path: z._default(z.string(), "") }))),
  /** Only Podman has it. */
  BuildahVersion: z.optional(z.string()),
  DefaultRuntime: z._default(z.string(), "runc"),
});

export interface OciRuntime {
  /** `runc` */
  readonly name: string;
  /** Whether it is gVisor's, which runs programs on a kernel of its own. */
  readonly isGvisor: boolean;
}

export interface DaemonInfo {
  readonly engine: "Docker" | "Podman";
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
  readonly ociRuntimes: readonly OciRuntime[];
  readonly defaultOciRuntime: string;
}

/** uname(2)'s names, which `/info` has, by those that images have. */
const architectures: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

/**
 * @throws {GloveboxError} `PROVIDER_UNAVAILABLE` where the daemon runs no Linux containers, or what
 * answers is none.
 */
export async function readInfo(client: EngineClient): Promise<DaemonInfo> {
  const info = await ask(client, infoSchema, ["GET", "/info"]);
  if (info.OSType !== "linux") {
    const hint = "switch Docker to Linux containers";
    throw new GloveboxError(
      "PROVIDER_UNAVAILABLE",
      `docker: the daemon runs ${info.OSType} containers, Linux is needed: ${hint}.`,
      { provider: "docker", hint },
    );
  }
  return {
    engine: info.BuildahVersion === undefined ? "Docker" : "Podman",
    version: info.ServerVersion,
    operatingSystem: info.OperatingSystem,
    architecture: architectures[info.Architecture] ?? info.Architecture,
    cgroup: `cgroup v${info.CgroupVersion}`,
    limits: { memory: info.MemoryLimit, swap: info.SwapLimit, processes: info.PidsLimit },
    security: (info.SecurityOptions ?? []).map(nameOfOption),
    ociRuntimes: ociRuntimesOf(info.Runtimes ?? {}, info.DefaultRuntime),
    defaultOciRuntime: info.DefaultRuntime,
  };
}

function ociRuntimesOf(
  runtimes: Readonly<Record<string, { readonly path: string }>>,
  defaultName: string,
): readonly OciRuntime[] {
  // Podman's may be a path, which it does not list.
  return Object.entries({ [defaultName]: { path: "" }, ...runtimes })
    .filter(([name]) => !name.startsWith("io.containerd."))
    .map(([name, { path }]) => ({ name, isGvisor: /runsc|gvisor/i.test(`${name} ${path}`) }));
}

/** `name=seccomp,profile=builtin` */
function nameOfOption(option: string): string {
  return /name=([^,]+)/.exec(option)?.[1] ?? option;
}
