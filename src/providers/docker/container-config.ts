/**
 * @module
 * The container of a sandbox, as the Engine API wants it (`POST /containers/create`).
 */
import { invalidRequest } from "../../core/errors.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import { homePath, workspacePath } from "../../core/sandbox.ts";
import { protectedIn } from "../../launcher/protect-folder.ts";
import type { DaemonInfo, OciRuntime } from "./daemon.ts";
import type { Endpoint } from "./engine/endpoint.ts";
import { label, ownerLabel, ownOwner } from "./owner.ts";

/** Where the launcher is inside. */
export const launcherFolder = "/glovebox";
export const launcherPath = `${launcherFolder}/glovebox-launcher`;

const SHARED_MEMORY = "/dev/shm";

/** Those of Docker 20 to 28 and Podman together, and the pressure files, which anybody may write to. */
const maskedPaths = [
  ...["acpi", "asound", "interrupts", "kcore", "keys", "latency_stats", "pressure"],
  ...["sched_debug", "scsi", "timer_list", "timer_stats"],
]
  .map((name) => `/proc/${name}`)
  .concat("/sys/firmware", "/sys/devices/virtual/powercap", "/sys/fs/selinux");

/** Docker itself refuses less; an OCI runtime's own first process needs some, too. */
export const MIN_MEMORY_BYTES = 16 * 1024 * 1024;

/** One inode a KiB, but room for a project's worth of small files. */
const BYTES_PER_INODE = 1024;
const MIN_INODES = 1024;
const MAX_INODES = 1_000_000;

export interface ContainerParts {
  readonly image: string;
  /** The volume with the launcher in it. */
  readonly launcherVolume: string;
  readonly ociRuntime: OciRuntime;
  readonly info: DaemonInfo;
  /** `UID:GID` */
  readonly user: string;
  /** Name or id; `none` for nothing but loopback. */
  readonly network: string;
}

/** What a container is made from, besides the program's own files. */
export type ContainerSpec = Pick<SandboxSpec, "policy" | "limits">;

/**
 * All that can be taken away is: capabilities, new privileges, root, the network, writing to the
 * image, swap, the daemon's log of the output.
 */
export function containerConfig(spec: ContainerSpec, parts: ContainerParts): object {
  const { limits } = spec;
  return {
    Image: parts.image,
    Entrypoint: [launcherPath, "container"],
    Cmd: [],
    User: parts.user,
    WorkingDir: "/",
    Hostname: "glovebox",
    Domainname: "",
    Labels: { [label]: "sandbox", [ownerLabel]: ownOwner() },
    Healthcheck: { Test: ["NONE"] },
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    HostConfig: {
      AutoRemove: true,
      Runtime: parts.ociRuntime.name,
      NetworkMode: parts.network,
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Privileged: false,
      IpcMode: "private",
      CgroupnsMode: "private",
      MaskedPaths: maskedPaths,
      Memory: limits.memoryBytes,
      // Memory and swap together: no swap.
      MemorySwap: limits.memoryBytes,
      PidsLimit: hostProcesses(limits.processes, parts.ociRuntime),
      Ulimits: [
        { Name: "nofile", Soft: limits.openFiles, Hard: limits.openFiles },
        // core(5): less would not keep the kernel from starting the host's handler of core dumps.
        { Name: "core", Soft: 1, Hard: 1 },
      ],
      Tmpfs: tmpfsOptions(spec, parts),
      ShmSize: limits.diskBytes,
      LogConfig: { Type: "none", Config: {} },
      Mounts: mounts(spec, parts),
    },
  };
}

/**
 * Processes and threads of the host that a container may have. gVisor's own kernel needs some forty,
 * and several for each of the program's; when it gets no more it ends. There the launcher counts the
 * program's own, and this is the host's wall behind it.
 */
function hostProcesses(processes: number, { isGvisor }: OciRuntime): number {
  // One more than the program may have: the launcher is pid 1.
  return isGvisor ? 256 + 8 * processes : processes + 1;
}

/** Files and folders that a tmpfs of this size may hold. */
export function inodesFor(diskBytes: number): number {
  return Math.min(Math.max(Math.floor(diskBytes / BYTES_PER_INODE), MIN_INODES), MAX_INODES);
}

/** Without `exec` a compiled program could not run. */
function tmpfsOptions(
  { policy, limits }: ContainerSpec,
  { user, info }: ContainerParts,
): Record<string, string> {
  const [uid = "", gid = ""] = user.split(":");
  const base = `rw,exec,nosuid,nodev,size=${limits.diskBytes}`;
  const options = (mode: string): string =>
    info.engine === "Podman"
      ? // It knows no owner and no number of files: everybody inside may write.
        `${base},mode=1777`
      : `${base},mode=${mode},uid=${uid},gid=${gid},nr_inodes=${inodesFor(limits.diskBytes)}`;
  // For it Podman has a size only.
  const isOwn = ([path]: readonly [string, string]): boolean =>
    info.engine === "Docker" || path !== SHARED_MEMORY;
  return Object.fromEntries(
    scratchFolders(policy)
      .filter(isOwn)
      .map(([path, mode]) => [path, options(mode)]),
  );
}

/** The folders that a program can write to, and that go with it. */
export function scratchFolders({
  workspace,
}: ContainerSpec["policy"]): readonly (readonly [path: string, mode: string])[] {
  return [
    ["/tmp", "1777"],
    [SHARED_MEMORY, "1777"],
    [homePath, "0755"],
    ...(workspace.kind === "scratch" ? [[workspacePath, "0755"] as const] : []),
  ];
}

function mounts({ policy }: ContainerSpec, { launcherVolume }: ContainerParts): object[] {
  const launcher = {
    Type: "volume",
    Source: launcherVolume,
    Target: launcherFolder,
    ReadOnly: true,
    VolumeOptions: { NoCopy: true },
  };
  if (policy.workspace.kind === "scratch") return [launcher];
  const { hostPath, access } = policy.workspace;
  const workspace = {
    Type: "bind",
    Source: hostPath,
    Target: workspacePath,
    ReadOnly: access === "ro",
    // What is mounted below it on the host is not part of the folder that was asked for.
    BindOptions: { NonRecursive: true, Propagation: "rprivate" },
  };
  const kept = access === "ro" ? [] : protectedIn(hostPath);
  const inner = kept.map((each) => ({
    ...workspace,
    Source: `${hostPath}/${each.path}`,
    Target: `${workspacePath}/${each.path}`,
    ReadOnly: each.access === "ro",
  }));
  return [launcher, workspace, ...inner];
}

/**
 * What no daemon could do is refused before one is asked.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function checkSpec({ limits, policy }: ContainerSpec, { isLocal }: Endpoint): void {
  if (limits.memoryBytes < MIN_MEMORY_BYTES) {
    const least = MIN_MEMORY_BYTES / 1024 / 1024;
    throw invalidRequest(
      "limits.memory_bytes",
      `a container needs at least ${least} MiB, not ${limits.memoryBytes} bytes`,
    );
  }
  if (policy.workspace.kind === "mount" && !isLocal) {
    throw invalidRequest(
      "workspace",
      "the Docker daemon is on another machine, which has no folder of yours. Give the files themselves",
    );
  }
}
