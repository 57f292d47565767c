/**
 * @module
 * Isolation by Linux namespaces, cgroups and seccomp, through the launcher in native/launcher.
 */
import { join } from "node:path";
import type { AheadCommand } from "../../core/command.ts";
import type { ProbeReport, Provider, ProviderSandbox } from "../../core/provider.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { DestroyBacklog } from "../../launcher/destroy-backlog.ts";
import { locateParkLibrary } from "../../launcher/locate-launcher.ts";
import type { Records } from "../../launcher/message.ts";
import { dataFolder } from "../../util/user-folders.ts";
import { asks } from "./asking/asked-paths.ts";
import { cgroupParents, findCgroupPlace, type CgroupPlace } from "./cgroups.ts";
import { enforcementOf } from "./enforcement.ts";
import { fileSystemRecords, imageRecords } from "./host-image.ts";
import { createImages } from "./images/store.ts";
import { sharedLaunchers, singleLaunchers } from "./launcher-process.ts";
import { ownedNames } from "./owned-name.ts";
import { probeHost, probeSpec } from "./probe.ts";
import { startSandbox, type LinuxHost } from "./start-sandbox.ts";
import { canBeReady, createReadySandboxes, type PoolSettings } from "./ready-sandboxes.ts";
import { sweepCgroups } from "./sweep.ts";

export interface LinuxProviderOptions {
  /** The compiled launcher. */
  readonly launcherPath: string;
  /**
   * How many sandboxes there will be: `many` share a launcher process, which stays until `close`.
   * Default: `one` has its own, which ends with it.
   */
  readonly expects?: "one" | "many";
  /** Of many: what is kept ready. Absent: nothing. */
  readonly pool?: PoolSettings;
  /** The compiled park library; absent: no program is started ahead. */
  readonly parkLibraryPath?: string;
  /** Where images are kept, and what fetches them reads its settings from. Default: of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Where an image says nothing: as docker. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export function createLinuxProvider(options: LinuxProviderOptions): Provider {
  const { launcherPath, expects = "one", env = process.env } = options;
  const launchers =
    expects === "many"
      ? sharedLaunchers(launcherPath, options.parkLibraryPath)
      : singleLaunchers(launcherPath);
  let foundPlace: CgroupPlace | undefined;
  // Once: in a delegated cgroup it moves this process.
  const place = (): CgroupPlace => (foundPlace ??= findCgroupPlace());
  const newName = ownedNames();
  const host = (): LinuxHost => ({ launchers, place: place(), newName });
  const data = dataFolder(env);
  const images = createImages({
    folder: data === undefined ? undefined : join(data, "images"),
    env,
    start: (spec, fileSystem, signal) => startSandbox(host(), spec, fileSystem, signal),
  });

  const { pool } = options;
  const backlog = new DestroyBacklog();
  const ready =
    pool === undefined || pool.size === 0 || expects === "one"
      ? undefined
      : createReadySandboxes(() => host(), pool, backlog);

  const start = starterOf(host, launcherPath);
  async function createUnbounded(
    spec: SandboxSpec,
    signal: AbortSignal,
    ahead?: AheadCommand,
  ): Promise<ProviderSandbox> {
    signal.throwIfAborted();
    if (ready !== undefined && canBeReady(spec))
      return ready.create(spec, signal, options.parkLibraryPath === undefined ? undefined : ahead);
    if (spec.image === undefined) return start(spec, fileSystemRecords(spec), signal);
    const tree = await images.open(spec.image);
    const sandbox = await start(spec, imageRecords(spec, tree), signal);
    return withEnvironment(sandbox, { PATH: DEFAULT_PATH, ...tree.env });
  }

  const create = backlog.bound(createUnbounded);
  return {
    name: "linux",
    programs: "host",
    images,
    probe: async () => probeHost(create, await expectedOf(options, place())),
    create,
    ...(ready && { poolStats: () => ready.stats(), poolKinds: () => ready.kinds() }),
    destroying: () => backlog.size,
    sweep: async (signal) => {
      await sweepCgroups(cgroupParents(place()), signal);
      await images.sweep(signal);
    },
    close: async () => {
      await ready?.close();
      await launchers.close();
    },
  };
}

type Start = (
  spec: SandboxSpec,
  fileSystem: Records,
  signal: AbortSignal,
) => Promise<ProviderSandbox>;

function starterOf(host: () => LinuxHost, launcherPath: string): Start {
  return async (spec, fileSystem, signal) => {
    const { policy, secrets = [] } = spec;
    if (!asks(policy) && secrets.length === 0)
      return startSandbox(host(), spec, fileSystem, signal);
    // Most runs ask nothing, and don't wait for what could.
    const { startAskingSandbox } = await import("./asking/start-asking.ts");
    return startAskingSandbox({ ...host(), launcherPath }, spec, fileSystem, signal);
  };
}

/** What can be told without a sandbox; a server might start programs ahead where this provider does not. */
async function expectedOf(
  { launcherPath, parkLibraryPath }: LinuxProviderOptions,
  place: CgroupPlace,
): Promise<Pick<ProbeReport, "enforcement" | "facts">> {
  const library = parkLibraryPath ?? (await locateParkLibrary(launcherPath));
  const text =
    library === undefined
      ? "no program can be started before it is asked for: its library was not compiled. Install gcc, and Glovebox anew"
      : "a server can start programs before they are asked for";
  return { enforcement: enforcementOf(probeSpec, place, "landlock"), facts: [["ahead", text]] };
}

/** Gives each command the variables that it does not set itself. */
function withEnvironment(
  sandbox: ProviderSandbox,
  env: Readonly<Record<string, string>>,
): ProviderSandbox {
  return {
    ...sandbox,
    exec: (command, signal) =>
      sandbox.exec({ ...command, env: { ...env, ...command.env } }, signal),
  };
}
