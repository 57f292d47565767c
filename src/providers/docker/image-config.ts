/**
 * @module
 * What an image brings besides its files. Its variables are part of what makes its programs work; what
 * it asks for itself, such as volumes, has no effect on a sandbox.
 */
import { posix } from "node:path";
import * as z from "zod/mini";
import { invalidRequest } from "../../core/errors.ts";
import { isImageName } from "../../core/image.ts";
import { launcherFolder } from "./container-config.ts";
import type { EngineClient } from "./engine/client.ts";

export interface ImageConfig {
  /** `sha256:…`: what its name means may change at any time. */
  readonly id: string;
  readonly env: Readonly<Record<string, string>>;
  /** Entrypoint and command together. */
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Docker's name: `amd64`. */
  readonly architecture: string;
  /** Absolute paths that it wants a writable volume at. */
  readonly volumes: readonly string[];
}

const answerSchema = z.object({
  Id: z.string(),
  Architecture: z._default(z.string(), ""),
  Config: z.nullish(
    z.object({
      Env: z.nullish(z.array(z.string())),
      Entrypoint: z.nullish(z.array(z.string())),
      Cmd: z.nullish(z.array(z.string())),
      Labels: z.nullish(z.record(z.string(), z.string())),
      Volumes: z.nullish(z.record(z.string(), z.unknown())),
    }),
  ),
});

/** @throws {EngineError} 404 where the daemon lacks it. */
export async function readImage(
  client: EngineClient,
  name: string,
  signal: AbortSignal,
): Promise<ImageConfig> {
  const answer = await client.request("GET", `${imagePath(name)}/json`, { signal });
  const { Id: id, Architecture: architecture, Config: config } = answerSchema.parse(answer);
  return {
    id,
    architecture,
    env: Object.fromEntries((config?.Env ?? []).map(splitVariable)),
    command: [...(config?.Entrypoint ?? []), ...(config?.Cmd ?? [])],
    labels: config?.Labels ?? {},
    volumes: Object.keys(config?.Volumes ?? {}),
  };
}

/**
 * Its slashes are part of the path.
 *
 * @throws {GloveboxError} `INVALID_REQUEST` for what can be no image's name.
 */
export function imagePath(name: string): string {
  checkImageName(name);
  return `/images/${name.split("/").map(encodeURIComponent).join("/")}`;
}

/** @throws {GloveboxError} `INVALID_REQUEST` */
export function checkImageName(name: string): void {
  if (isImageName(name)) return;
  const shown = JSON.stringify(name.slice(0, 80));
  throw invalidRequest("image", `${shown} is no name of an image, such as \`python:3\``);
}

function splitVariable(variable: string): [name: string, value: string] {
  const [name = ""] = variable.split("=", 1);
  return [name, variable.slice(name.length + 1)];
}

interface Config {
  readonly HostConfig: {
    readonly Tmpfs: Readonly<Record<string, string>>;
    readonly Mounts: readonly { readonly Target: string }[];
  };
}

/**
 * Takes from a container what its image asks for. A volume would be a folder that the program can
 * write to without a limit: in its place is an empty folder, read-only.
 */
export function withoutWishes(config: object, { volumes }: ImageConfig): object {
  const { HostConfig } = config as Config;
  const own = new Set([
    launcherFolder,
    ...Object.keys(HostConfig.Tmpfs),
    ...HostConfig.Mounts.map(({ Target }) => Target),
  ]);
  const paths = volumes.map((path) => posix.resolve("/", path));
  // A volume would take the place of the engine's own.
  const shared = HostConfig.Tmpfs["/tmp"];
  const sharedMemory =
    shared !== undefined && paths.includes("/dev/shm") ? { "/dev/shm": shared } : {};
  const locked = paths
    .filter((path) => !own.has(path))
    .map((path) => [path, "ro,noexec,nosuid,nodev,size=4k,nr_inodes=1"] as const);
  return {
    ...config,
    // A daemon that is stopped would wait for an image's own signal to have an effect.
    StopSignal: "SIGKILL",
    HostConfig: {
      ...HostConfig,
      Tmpfs: { ...HostConfig.Tmpfs, ...Object.fromEntries(locked), ...sharedMemory },
    },
  };
}
