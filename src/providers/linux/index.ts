/**
 * @module
 * Isolation by Linux namespaces, cgroups and seccomp, through the launcher in native/launcher.
 */
import { randomUUID } from "node:crypto";
import { missingControls, type Enforcement } from "../../core/enforcement.ts";
import { GloveboxError } from "../../core/errors.ts";
import type { Provider, ProviderSandbox } from "../../core/provider.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { cgroupParents, cgroupRecords, findCgroupPlace, type CgroupPlace } from "./cgroups.ts";
import { enforcementOf, type AbstractSocketControl } from "./enforcement.ts";
import { fileSystemRecords } from "./host-image.ts";
import type { Launcher } from "../../launcher/launcher.ts";
import { sandboxFailed, sandboxOf } from "../../launcher/sandbox.ts";
import { startLauncher } from "./launcher-process.ts";
import { encodeMessage, type Records } from "../../launcher/message.ts";
import { probeHost, probeSpec } from "./probe.ts";
import { readHostSetting, remedyFor } from "./remedies.ts";
import { removeCgroups } from "./remove-cgroups.ts";
import { cgroupName, sweepCgroups } from "./sweep.ts";

export interface LinuxProviderOptions {
  /** The compiled launcher. */
  readonly launcherPath: string;
}

/** One inode a KiB, but room for a project's worth of small files. */
const BYTES_PER_INODE = 1024;
const MIN_INODES = 1024;
const MAX_INODES = 1_000_000;

export function createLinuxProvider({ launcherPath }: LinuxProviderOptions): Provider {
  let foundPlace: CgroupPlace | undefined;
  // Once: in a delegated cgroup it moves this process.
  const place = (): CgroupPlace => (foundPlace ??= findCgroupPlace());

  async function create(spec: SandboxSpec, signal: AbortSignal): Promise<ProviderSandbox> {
    signal.throwIfAborted();
    refuseMissing(spec, enforcementOf(spec, place(), "landlock"));
    const cgroups = cgroupRecords(place(), cgroupName());
    const launcher = startLauncher(launcherPath);
    const abort = (): void => void launcher.end();
    signal.addEventListener("abort", abort, { once: true });
    try {
      launcher.send(createMessage(spec, cgroups.records));
      const abstractSockets = await untilReady(launcher);
      const enforcement = enforcementOf(spec, place(), abstractSockets);
      return sandboxOf({
        id: randomUUID(),
        provider: "linux",
        launcher,
        enforcement,
        // A launcher that was killed could not clean up itself.
        cleanUp: async () => {
          if (launcher.failure() !== undefined) await removeCgroups(cgroups.paths);
        },
      });
    } catch (error) {
      await launcher.end();
      await removeCgroups(cgroups.paths);
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  return {
    name: "linux",
    programs: "host",
    probe: () => probeHost(create, enforcementOf(probeSpec, place(), "landlock")),
    create,
    sweep: async (signal) => sweepCgroups(cgroupParents(place()), signal),
    close: () => Promise.resolve(),
  };
}

function refuseMissing(spec: SandboxSpec, enforcement: Enforcement): void {
  const controls = missingControls(enforcement);
  if (spec.enforcement === "best-effort" || controls.length === 0) return;
  throw new GloveboxError(
    "POLICY_UNENFORCEABLE",
    `linux: this host cannot enforce ${controls.join(", ")}. Run \`glovebox doctor\`, or accept it with enforcement \`best-effort\`.`,
    { provider: "linux", controls },
  );
}

function createMessage(spec: SandboxSpec, cgroups: Records): Buffer {
  const { limits, policy } = spec;
  const isHostFolderWritable =
    policy.workspace.kind === "mount" && policy.workspace.access === "rw";
  const inodes = Math.floor(limits.diskBytes / BYTES_PER_INODE);
  return encodeMessage([
    ["create", ""],
    ["network", policy.network.mode === "none" ? "none" : "host"],
    ["memory-bytes", limits.memoryBytes],
    ["processes", limits.processes],
    ["disk-bytes", limits.diskBytes],
    ["disk-inodes", Math.min(Math.max(inodes, MIN_INODES), MAX_INODES)],
    ["open-files", limits.openFiles],
    ...(isHostFolderWritable ? [["file-size-bytes", limits.diskBytes] as const] : []),
    ...cgroups,
    ...fileSystemRecords(spec),
  ]);
}

/** Waits until all walls stand. */
async function untilReady(launcher: Launcher): Promise<AbstractSocketControl> {
  let abstractSockets: AbstractSocketControl = "none";
  for (;;) {
    const line = await launcher.nextStatus();
    if (line === undefined || line.kind === "error") {
      throw launcherFailed(line?.text ?? launcher.failure() ?? "the launcher ended at once");
    }
    if (line.kind === "ready") return abstractSockets;
    if (line.kind === "control" && line.by === "landlock") abstractSockets = "landlock";
  }
}

function launcherFailed(text: string): GloveboxError {
  const remedy = remedyFor(text, readHostSetting);
  if (remedy === "") return sandboxFailed("linux", "create", text);
  const message = `linux: ${text}. To mend it: ${remedy}.`;
  return new GloveboxError("PROVIDER_UNAVAILABLE", message, { provider: "linux", hint: remedy });
}
