/**
 * @module
 * Isolation by Linux namespaces, cgroups and seccomp, through the launcher in native/launcher.
 */
import { join } from "node:path";
import type { Provider, ProviderSandbox } from "../../core/provider.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { dataFolder } from "../../util/user-folders.ts";
import { cgroupParents, findCgroupPlace, type CgroupPlace } from "./cgroups.ts";
import { enforcementOf } from "./enforcement.ts";
import { fileSystemRecords, imageRecords } from "./host-image.ts";
import { createImages } from "./images/store.ts";
import { probeHost, probeSpec } from "./probe.ts";
import { startSandbox, type LinuxHost } from "./start-sandbox.ts";
import { sweepCgroups } from "./sweep.ts";

export interface LinuxProviderOptions {
  /** The compiled launcher. */
  readonly launcherPath: string;
  /** Where images are kept, and what fetches them reads its settings from. Default: of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Where an image says nothing: as docker. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export function createLinuxProvider(options: LinuxProviderOptions): Provider {
  const { launcherPath, env = process.env } = options;
  let foundPlace: CgroupPlace | undefined;
  // Once: in a delegated cgroup it moves this process.
  const place = (): CgroupPlace => (foundPlace ??= findCgroupPlace());
  const host = (): LinuxHost => ({ launcherPath, place: place() });
  const data = dataFolder(env);
  const images = createImages({
    folder: data === undefined ? undefined : join(data, "images"),
    env,
    start: (spec, fileSystem, signal) => startSandbox(host(), spec, fileSystem, signal),
  });

  async function create(spec: SandboxSpec, signal: AbortSignal): Promise<ProviderSandbox> {
    signal.throwIfAborted();
    if (spec.image === undefined)
      return startSandbox(host(), spec, fileSystemRecords(spec), signal);
    const tree = await images.open(spec.image);
    const sandbox = await startSandbox(host(), spec, imageRecords(spec, tree), signal);
    return withEnvironment(sandbox, { PATH: DEFAULT_PATH, ...tree.env });
  }

  return {
    name: "linux",
    programs: "host",
    images,
    probe: () => probeHost(create, enforcementOf(probeSpec, place(), "landlock")),
    create,
    sweep: async (signal) => {
      await sweepCgroups(cgroupParents(place()), signal);
      await images.sweep(signal);
    },
    close: () => Promise.resolve(),
  };
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
