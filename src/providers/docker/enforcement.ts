/**
 * @module
 * What holds in a container, and by what.
 */
import {
  enforced,
  missing,
  missingControls,
  weaker,
  type ControlStatus,
  type Enforcement,
} from "../../core/enforcement.ts";
import { GloveboxError } from "../../core/errors.ts";
import type { ContainerSpec } from "./container-config.ts";
import type { DaemonInfo } from "./daemon.ts";

/** What the launcher has found in the container: the counters of a cgroup, or only processes to look at. */
export type Counting = "cgroup" | "sampled";

const NO_CGROUP = "the daemon can't limit it";
const CGROUP_REMEDY =
  "start the daemon with cgroup controllers (rootless: cgroup v2 and delegation)";

export function enforcementOf(
  { policy }: ContainerSpec,
  info: DaemonInfo,
  ociRuntime: string,
  counting: Counting,
): Enforcement {
  const by = (what: string): string => `${what} (${ociRuntime})`;
  return {
    files: enforced(by("read-only image, no folder of the host but the workspace")),
    network: networkStatus(policy, info, by),
    processTree: enforced(by("pid and ipc namespaces")),
    privileges: enforced("no capabilities, no_new_privs, an ordinary user"),
    syscalls: syscallStatus(info),
    wallTime: enforced("launcher"),
    cpuTime:
      counting === "cgroup"
        ? enforced(`${info.cgroup} counter`)
        : weaker(
            "sampled every 20 ms",
            "may be exceeded between two samples, and by children that end between them and that nobody waits for",
          ),
    memory: memoryStatus(info),
    processes: processStatus(info, counting),
    output: enforced("launcher"),
    disk: weaker(
      "tmpfs",
      "each of /workspace, /tmp, /dev/shm and the home folder may hold so much; all of it counts as memory",
    ),
    openFiles: enforced("RLIMIT_NOFILE"),
  };
}

function networkStatus(
  { network }: ContainerSpec["policy"],
  { engine }: DaemonInfo,
  by: (what: string) => string,
): ControlStatus {
  return network.mode === "none"
    ? enforced(by("network namespace with nothing but loopback"))
    : enforced(
        by(
          engine === "Docker"
            ? "network namespace on a bridge where sandboxes can't reach each other"
            : "network namespace on the daemon's bridge",
        ),
      );
}

function syscallStatus({ security }: DaemonInfo): ControlStatus {
  return enforced(
    security.includes("seccomp") ? "seccomp filter, and the daemon's own" : "seccomp filter",
  );
}

function memoryStatus({ limits, cgroup }: DaemonInfo): ControlStatus {
  if (!limits.memory) return missing(NO_CGROUP, CGROUP_REMEDY);
  const by = `${cgroup} memory limit`;
  if (!limits.swap) {
    const remedy = "boot its kernel with `swapaccount=1`, or switch swap off";
    return weaker(by, "the daemon can't limit swap", remedy);
  }
  if (cgroup !== "cgroup v1") return enforced(by);
  return weaker(
    by,
    "the kernel does not count the buffers of TCP sockets",
    "use cgroup v2: boot with `systemd.unified_cgroup_hierarchy=1`",
  );
}

function processStatus({ limits, cgroup }: DaemonInfo, counting: Counting): ControlStatus {
  if (!limits.processes) return missing(NO_CGROUP, CGROUP_REMEDY);
  if (counting === "cgroup") return enforced(`${cgroup} pids limit`);
  return weaker(
    "sampled every 20 ms",
    "a program over the limit is ended, not refused; a short burst may pass",
  );
}

/** @throws {GloveboxError} `POLICY_UNENFORCEABLE` */
export function refuseMissing(enforcement: Enforcement): void {
  const controls = missingControls(enforcement);
  if (controls.length === 0) return;
  throw new GloveboxError(
    "POLICY_UNENFORCEABLE",
    `docker: this daemon cannot enforce ${controls.join(", ")}. Run \`glovebox doctor --provider docker\`, or accept it with enforcement \`best-effort\`.`,
    { provider: "docker", controls },
  );
}
