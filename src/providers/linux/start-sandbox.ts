/**
 * @module
 * From a specification and a file system to a sandbox, by a launcher of its own.
 */
import { randomUUID } from "node:crypto";
import { missingControls, type Enforcement } from "../../core/enforcement.ts";
import { GloveboxError } from "../../core/errors.ts";
import type { ProviderSandbox } from "../../core/provider.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import type { Launcher } from "../../launcher/launcher.ts";
import { encodeRecords, messageOf, type Records } from "../../launcher/message.ts";
import { sandboxFailed, sandboxOf } from "../../launcher/sandbox.ts";
import { askSettings } from "./asking/asked-paths.ts";
import { cgroupRecords, type CgroupPlace } from "./cgroups.ts";
import { enforcementOf, type AbstractSocketControl } from "./enforcement.ts";
import type { Launchers } from "./launcher-process.ts";
import { readHostSetting, remedyFor } from "./remedies.ts";
import { removeCgroups } from "./remove-cgroups.ts";

/** What this machine has for sandboxes. */
export interface LinuxHost {
  readonly launchers: Launchers;
  readonly place: CgroupPlace;
  /** Names for cgroups, each another. */
  readonly newName: () => string;
}

/** One inode a KiB, but room for a project's worth of small files. */
const BYTES_PER_INODE = 1024;
const MIN_INODES = 1024;
const MAX_INODES = 1_000_000;

/**
 * @param fileSystem The launcher's records for all that the sandbox sees.
 * @throws {GloveboxError} See `Provider.create`.
 */
export async function startSandbox(
  host: LinuxHost,
  spec: SandboxSpec,
  fileSystem: Records,
  signal: AbortSignal,
): Promise<ProviderSandbox> {
  const { launchers, place } = host;
  signal.throwIfAborted();
  refuseMissing(spec, enforcementOf(spec, place, "landlock"));
  const launcher = launchers.start();
  const { abstractSockets, cleanUp } = await buildSandbox(
    host,
    launcher,
    { spec, fileSystem: encodeRecords(fileSystem) },
    signal,
  );
  return sandboxOf({
    id: randomUUID(),
    provider: "linux",
    launcher,
    enforcement: enforcementOf(spec, place, abstractSockets),
    opensHostPipes: true,
    cleanUp,
  });
}

/** A launcher whose sandbox has all its walls. */
export interface BuiltSandbox {
  readonly launcher: Launcher;
  readonly abstractSockets: AbstractSocketControl;
  /** After the launcher's end. */
  readonly cleanUp: () => Promise<void>;
}

/** What one is built from. */
export interface Plan {
  readonly spec: SandboxSpec;
  /** The launcher's records for all that it sees, encoded. */
  readonly fileSystem: Buffer;
  /** A message that follows at once: the launcher need not wait for it. */
  readonly next?: Buffer;
}

/** From a sandbox to a program that waits in it; a JVM takes a second on a busy machine. */
const PARK_TIMEOUT_MS = 20_000;

/** @throws What `startSandbox` throws; the launcher has ended then. */
export async function buildSandbox(
  { place, newName }: LinuxHost,
  launcher: Launcher,
  { spec, fileSystem, next }: Plan,
  signal: AbortSignal,
): Promise<BuiltSandbox> {
  const cgroups = cgroupRecords(place, newName());
  const abort = (): void => void launcher.end();
  signal.addEventListener("abort", abort, { once: true });
  try {
    const create = messageOf([
      encodeRecords([...settingsOf(spec), ...cgroups.records]),
      fileSystem,
    ]);
    launcher.send(next === undefined ? create : Buffer.concat([create, next]));
    const abstractSockets = await untilReady(launcher);
    return {
      launcher,
      abstractSockets,
      // A launcher that was killed could not clean up itself.
      cleanUp: async () => {
        if (launcher.failure() !== undefined) await removeCgroups(cgroups.paths);
      },
    };
  } catch (error) {
    await launcher.end();
    await removeCgroups(cgroups.paths);
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

export function refuseMissing(spec: SandboxSpec, enforcement: Enforcement): void {
  const controls = missingControls(enforcement);
  if (spec.enforcement === "best-effort" || controls.length === 0) return;
  throw new GloveboxError(
    "POLICY_UNENFORCEABLE",
    `linux: this host cannot enforce ${controls.join(", ")}. Run \`glovebox doctor\`, or accept it with enforcement \`best-effort\`.`,
    { provider: "linux", controls },
  );
}

function settingsOf(spec: SandboxSpec): Records {
  const { limits, policy } = spec;
  const isHostFolderWritable =
    (policy.workspace.kind === "mount" && policy.workspace.access === "rw") ||
    (policy.shown ?? []).some(({ access }) => access === "rw");
  const inodes = Math.floor(limits.diskBytes / BYTES_PER_INODE);
  return [
    ["create", ""],
    ["network", policy.network.mode === "all" ? "host" : policy.network.mode],
    ["memory-bytes", limits.memoryBytes],
    ["processes", limits.processes],
    ["disk-bytes", limits.diskBytes],
    ["disk-inodes", Math.min(Math.max(inodes, MIN_INODES), MAX_INODES)],
    ["open-files", limits.openFiles],
    ...(isHostFolderWritable ? [["file-size-bytes", limits.diskBytes] as const] : []),
    ...askSettings(policy),
  ];
}

/** Waits until all walls stand. */
export async function untilReady(launcher: Launcher): Promise<AbstractSocketControl> {
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

export function launcherFailed(text: string): GloveboxError {
  if (text.startsWith("copy:")) return copyFailed(text);
  const remedy = remedyFor(text, readHostSetting);
  if (remedy === "") return sandboxFailed("linux", "create", text);
  const message = `linux: ${text}. To mend it: ${remedy}.`;
  return new GloveboxError("PROVIDER_UNAVAILABLE", message, { provider: "linux", hint: remedy });
}

/** No other provider could do it: the next best would only hide why. */
function copyFailed(text: string): GloveboxError {
  const remedy =
    "A copy needs Linux 6.6 or newer, and a folder without other file systems mounted in it. Use `:ro`, or `:rw` on a copy of your own";
  return new GloveboxError("POLICY_UNENFORCEABLE", `linux: ${text}. ${remedy}.`, {
    provider: "linux",
    controls: ["files"],
  });
}

/** Ends a launcher that does not answer, or whose answer nobody wants any more; that then is the answer. */
export async function inTime<T>(
  launcher: Launcher,
  answer: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const end = (): void => void launcher.end();
  const timer = setTimeout(end, PARK_TIMEOUT_MS);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}
