/**
 * @module
 * Which controls hold in a sandbox of this provider, and by what.
 */
import { release } from "node:os";
import { enforced, weaker, type ControlStatus, type Enforcement } from "../../core/enforcement.ts";
import type { SandboxSpec } from "../../core/sandbox.ts";
import type { CgroupPlace } from "./cgroups.ts";

/** Since then RLIMIT_NPROC counts the processes of a user namespace and not those of the user. */
const NPROC_PER_NAMESPACE = [5, 14] as const;

/** How the launcher keeps the host's abstract sockets away from a program with the host's network. */
export type AbstractSocketControl = "landlock" | "none";

export function enforcementOf(
  spec: Pick<SandboxSpec, "policy">,
  place: CgroupPlace,
  abstractSockets: AbstractSocketControl,
): Enforcement {
  return {
    files: enforced("mount namespace, read-only root"),
    network: networkStatus(spec, abstractSockets),
    processTree: enforced("pid namespace"),
    privileges: enforced("user namespace, no capabilities, no_new_privs"),
    syscalls: enforced("seccomp filter"),
    wallTime: enforced("launcher"),
    output: enforced("launcher"),
    openFiles: enforced("RLIMIT_NOFILE"),
    disk: diskStatus(spec),
    ...countedControls(place),
  };
}

function networkStatus(
  spec: Pick<SandboxSpec, "policy">,
  abstractSockets: AbstractSocketControl,
): ControlStatus {
  const { mode } = spec.policy.network;
  if (mode === "none") return enforced("network namespace");
  if (mode === "ask") return enforced("network namespace; what is allowed is relayed");
  if (abstractSockets === "landlock") return enforced("host network, as asked; Landlock scope");
  return weaker(
    "host network, as asked",
    "abstract Unix sockets of this machine (desktop, D-Bus) can be reached",
    "Linux 6.12 or newer closes it",
  );
}

function diskStatus(spec: Pick<SandboxSpec, "policy">): ControlStatus {
  const { workspace } = spec.policy;
  if (workspace.kind === "scratch" || workspace.access !== "rw") return enforced("tmpfs size");
  return weaker(
    "tmpfs size; RLIMIT_FSIZE in the workspace",
    "a writable workspace folder is limited file by file, not in sum",
  );
}

function countedControls(
  place: CgroupPlace,
): Pick<Enforcement, "cpuTime" | "memory" | "processes"> {
  switch (place.kind) {
    case "v2":
      return {
        cpuTime: enforced("cgroup v2 cpu.stat"),
        memory: enforced("cgroup v2 memory.max"),
        processes: enforced("cgroup v2 pids.max"),
      };
    case "v1":
      return {
        cpuTime: enforced("cgroup v1 cpuacct.usage"),
        memory: enforced("cgroup v1 memory.limit_in_bytes"),
        processes: enforced("cgroup v1 pids.max"),
      };
    case "none":
      return sampledControls(`${place.reason}: ${place.remedy}`);
  }
}

function sampledControls(remedy: string): Pick<Enforcement, "cpuTime" | "memory" | "processes"> {
  const by = "sampled every 20 ms";
  return {
    cpuTime: weaker(
      `${by}; RLIMIT_CPU`,
      "the time of children that nobody waits for is not counted",
      remedy,
    ),
    memory: weaker(
      by,
      "a program may exceed it for some 20 ms before it is killed; shared memory that no process maps any more and the kernel's buffers for sockets and pipes are not counted",
      remedy,
    ),
    processes: isKernelAtLeast(release(), NPROC_PER_NAMESPACE)
      ? enforced("RLIMIT_NPROC in a user namespace")
      : weaker(by, "before Linux 5.14 a burst of processes is seen only when sampled", remedy),
  };
}

/** Compares `6.1.0-13-amd64` and the like with major and minor. */
export function isKernelAtLeast(
  kernelRelease: string,
  [major, minor]: readonly [number, number],
): boolean {
  const [ownMajor = 0, ownMinor = 0] = kernelRelease.split(".").map((part) => parseInt(part, 10));
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
