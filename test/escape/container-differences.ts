/**
 * @module
 * What containers do otherwise than the escape suite says, by OCI runtime: each with its reason.
 */
import { limitOutcome, type Differences } from "./attack.ts";

/** With both OCI runtimes. */
const ofContainers: Differences = {
  "set-user-ID programs of the host gain nothing": {
    says: /^\/(usr)? ?is mounted nosuid and nodev$/,
    reason: "an engine mounts an image without nosuid; no_new_privs holds, as the other lines show",
  },
  "all writable folders together end at the disk limit": {
    says: /^bytes end at the limit of all folders together$/,
    reason: "`disk` is weaker: a container's folders have a tmpfs each",
  },
  "files of the host outside its system folders don't exist": {
    says: /^(\/\.dockerenv|\/etc\/(hostname|fstab)|\/(var|run|srv|mnt|media|boot)|\/var\/(run|log|tmp)|\/(var|sys|srv|run|root|opt|mnt|media|boot|glovebox|\.dockerenv) is there)$/,
    reason:
      "an image has its own; the sockets, homes and secrets that the other lines name are not in it",
  },
};

export const ofRunc: Differences = {
  ...ofContainers,
  "memory as full TCP sockets is bounded": {
    says: /^holds \d+ MiB of tcp$/,
    ends: "anyhow",
    reason: "cgroup v1 counts buffers of TCP apart, and no engine limits them any more",
  },
  "what is counted for the whole host or user is not used up by a sandbox": {
    reason:
      "engines mount devpts without a bound of its own; the host keeps a reserve of 1024 terminals",
  },
  "empty files end at the inode limit": {
    says: /^inodes end too$/,
    tries: 2,
    ends: [limitOutcome("disk", 1), limitOutcome("memory"), limitOutcome("memory", 1)],
    reason: "a tmpfs each, and that of /dev/shm counts no inodes: there they count as memory",
  },
  "devices can't be made or changed, and only harmless ones are there": {
    says: /^(\/dev\/mqueue is there|touch)$/,
    reason: "/dev is the container's own tmpfs, not the host's; no message queue can be made",
  },
  "/proc can't be written to, and /sys is absent": {
    says: /^(\/sys|debugfs|efivars|\/proc\/(keys|timer_list|latency_stats|timer_stats|sched_debug|interrupts) can be opened for writing|\/proc\/pressure\/\w+ can be opened for writing)$/,
    reason:
      "/sys is there, read-only; masked files of /proc are /dev/null; anybody may ask for pressure events",
  },
};

const byEndingIt =
  "`processes` is weaker: a program over the limit is ended when a sample sees it, not refused";
const noShield =
  "gVisor does not shield pid 1 from signals: a program can end its own sandbox by one";
const openLauncher =
  "gVisor's /proc shows a process to its user though it forbade that: a program can write to the launcher's streams";

export const ofGvisor: Differences = {
  ...ofContainers,
  "a hundred thousand names end what is looked at, in bounded time": {
    says: /the limit (wallTime|cpuTime) was reached/,
    ends: [{ kind: "exited", exitCode: 0 }, limitOutcome("wallTime"), limitOutcome("cpuTime")],
    reason: "gVisor lists some thousand names a second: reading ends at its time, with an error",
  },
  "things that are swapped while they are collected mislead nobody": {
    says: /^through a link$/,
    reason:
      "gVisor follows a link that takes a file's place while O_NOFOLLOW is looked at; it still leads to nothing but the sandbox's own files",
  },
  "a fork bomb is refused more processes and ends with its program": {
    tries: 1,
    reason: byEndingIt,
  },
  "memory as page tables of empty pages is bounded": {
    ends: [limitOutcome("memory"), limitOutcome("memory", 1), limitOutcome("cpuTime")],
    reason: "gVisor is slow at mapping pages",
  },
  "a run ends with its program, even if another sandbox holds its streams": {
    reason: "gVisor connects no sockets through a mounted folder: there is nobody to hold them",
  },
  "threads count as processes": {
    tries: 0,
    says: /^threads are refused at the limit$/,
    ends: "anyhow",
    reason: byEndingIt,
  },
  "zombies count as processes, and orphans are reaped": {
    says: /^zombies count as processes$/,
    ends: "anyhow",
    tries: 0,
    reason: byEndingIt,
  },
  "floods of signals, orphans and traced children don't hold pid 1 up": {
    args: ["quiet"],
    tries: 1,
    ends: [
      { kind: "exited", exitCode: 0 },
      { kind: "signaled", signal: "SIGHUP" },
      limitOutcome("processes"),
      limitOutcome("processes", 0),
    ],
    reason: `${noShield}; orphans that it has not reaped yet count, and a stopped one hangs up its group`,
  },
  "no status line can be forged on any fd, pid 1's included": {
    reason: `${openLauncher}; it can break its run (SANDBOX_FAILED), but not forge its end: frames.test.ts`,
  },
  "what is written past the launcher is no more than the output limit": { reason: openLauncher },
  "the engine's sockets, cgroups, /sys and devices are out of reach": {
    says: /^a POSIX message queue$/,
    reason: "gVisor has queues of its own, in the container's memory",
  },
  "32-bit calls, x32 calls and unknown calls are refused": {
    says: /^ia32 \w+ reached the kernel/,
    reason:
      "gVisor has one table: int 0x80 is its 64-bit call of that number, under the same filter",
  },
  "raw, packet, vsock, alg, bluetooth and other odd sockets can't be made": {
    says: /^making a network interface is refused$/,
    reason: "gVisor's netlink has no such message, and says so by another error",
  },
  "a seccomp filter, tracer or listener of its own does not widen anything": {
    tries: 5,
    ends: "anyhow",
    reason: "gVisor asks the filter before a tracer changes the call: nobody may trace there",
  },
  "no capability, id, priority or limit can be gained": {
    says: /^(no better priority|make itself safe from the OOM killer)$/,
    reason: "gVisor keeps the numbers and does nothing by them",
  },
  "set-user-ID programs of the host gain nothing": {
    says: /is mounted nosuid and nodev$/,
    reason: "gVisor does not tell a mount's flags; the ids stay, as the other lines show",
  },
  "devices can't be made or changed, and only harmless ones are there": {
    says: /^(mem|touch|\/dev\/(net|fuse) is there)$/,
    reason: "gVisor lets anybody make nodes; they open only its own devices, which are no host's",
  },
  "empty files end at the inode limit": {
    ends: "anyhow",
    tries: 0,
    reason: "gVisor's tmpfs counts no inodes; they count as memory",
  },
  "pid 1 can't be read, traced, stopped, limited or robbed of its fds": {
    says: /^(get_robust_list reached the kernel: success|\/proc\/1\/(environ|maps|smaps|auxv|fd|fdinfo))$/,
    args: ["quiet"],
    reason: openLauncher,
  },
  "it starts with three pipes and nothing inherited": {
    args: ["quiet"],
    reason: noShield,
  },
  "no other process, environment or cgroup path is to be seen": {
    tries: 10,
    reason: "gVisor has no /proc/self/cgroup",
  },
  "/proc can't be written to, and /sys is absent": {
    says: /^(\/sys|efivars|it looked at hundreds of files in \/proc)$/,
    reason: "gVisor's own /proc and /sys have few files, and nothing of the host",
  },
};
