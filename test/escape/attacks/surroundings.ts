/**
 * @module
 * Attacks on what lies around the program: files, processes, /proc, sockets of the host.
 */
import { homedir } from "node:os";
import { lstatSync } from "node:fs";
import { expect } from "vitest";
import type { Attack } from "../attack.ts";
import type { Bait } from "../bait.ts";

const mounted =
  (access: "ro" | "rw") =>
  ({ workspace }: Bait) =>
    ({ workspace: { kind: "mount", hostPath: workspace, access } }) as const;

export const surroundingAttacks: readonly Attack[] = [
  {
    name: "pid 1 can't be read, traced, stopped, limited or robbed of its fds",
    program: "pid1.c",
    tries: 60,
    stoppedBy: "PR_SET_DUMPABLE 0, seccomp, the kernel's protection of a namespace's pid 1",
  },
  {
    name: "floods of signals, orphans and traced children don't hold pid 1 up",
    program: "flood-pid1.c",
    tries: 3,
    // Four processes that never rest use up two seconds times as many CPUs as there are, and what the
    // kernel keeps of ended ones for a while counts as their memory: on a busy machine it is much.
    limits: { cpuTimeMs: "unlimited", memoryBytes: 2 ** 30 },
    check: ({ wallTimeMs }) => expect(wallTimeMs).toBeLessThan(5_000),
    stoppedBy:
      "pid 1 takes no signal but SIGCHLD, and that by an fd; it lets go of what asks to be traced",
  },
  {
    name: "no status line can be forged on any fd, pid 1's included",
    program: "forged-frames.c",
    tries: 180,
    ends: [{ kind: "exited", exitCode: 9 }],
    check: ({ stderr }) => expect(stderr.match(/^s?.*exit code=0/gm)?.length).toBe(201),
    stoppedBy:
      "pid 1's fds are out of reach; what the program writes is passed on inside of frames",
  },
  {
    name: "kill(-1) and guessed numbers reach no process of the host",
    program: "signals-to-all.c",
    args: ({ victimPid }) => [String(victimPid)],
    tries: 4,
    stoppedBy: "pid namespace",
  },
  {
    name: "no other process, environment or cgroup path is to be seen",
    program: "other-processes.c",
    args: ({ victimPid }) => [String(victimPid)],
    tries: 11,
    stoppedBy: "pid namespace and its own /proc, cgroup namespace",
  },
  {
    name: "/proc can't be written to, and /sys is absent",
    program: "proc-and-sys.c",
    tries: 30,
    stoppedBy: "user namespace: the files belong to an id that is not mapped; no /sys",
  },
  {
    name: "files of the host outside its system folders don't exist",
    program: "host-files.c",
    args: ({ secretFile, folder }) => [secretFile, folder, homedir()],
    tries: 60,
    stoppedBy: "mount namespace with a root of its own",
  },
  {
    name: "the system folders and /etc can't be changed",
    program: "read-only.c",
    args: () => ["/usr", "/usr/bin", "/bin", "/etc", "/", "/dev", "/usr/bin/env", "/etc/passwd"],
    tries: 110,
    stoppedBy: "read-only mounts",
  },
  {
    name: "a workspace mounted read-only can't be changed",
    program: "read-only.c",
    args: () => ["/workspace", "/workspace/inner", "/workspace/given.txt"],
    policy: mounted("ro"),
    tries: 40,
    stoppedBy: "read-only mount",
  },
  {
    name: "set-user-ID bits and file capabilities can't be put on files",
    program: "setid-files.c",
    tries: 40,
    stoppedBy: "seccomp; no capabilities",
  },
  {
    name: "nor on files of a writable host folder",
    program: "setid-files.c",
    policy: mounted("rw"),
    tries: 40,
    check: (_result, { workspace }) => {
      const { mode, uid, gid } = lstatSync(`${workspace}/plain`);
      const owner = lstatSync(workspace);
      expect([mode & 0o7777, uid, gid]).toEqual([0o755, owner.uid, owner.gid]);
    },
    stoppedBy: "seccomp; files get the folder's owner by an id-mapped mount",
  },
  {
    name: "the host's sockets, its neighbours and the metadata address can't be reached",
    program: "network.c",
    args: ({ tcpPort, udpPort, address, socketPath, abstractSocket }) => [
      String(tcpPort),
      String(udpPort),
      address,
      socketPath,
      abstractSocket,
    ],
    tries: 40,
    stoppedBy: "a network namespace with nothing but its own loopback",
  },
  {
    name: "with the host's network, its abstract sockets still can't",
    program: "abstract-sockets.c",
    needs: "network",
    args: ({ abstractSocket }) => [abstractSocket],
    policy: () => ({ network: { mode: "all" } }),
    tries: 6,
    stoppedBy: "Landlock's scope (Linux 6.12); before it the enforcement says `weaker`",
  },
  {
    name: "it starts with three pipes and nothing inherited",
    program: "fds.c",
    stdin: "x".repeat(100_000),
    tries: 45,
    stoppedBy: "pipes made by the launcher, every other fd closed, all signals reset",
  },
  {
    name: "links, names and races lead out of no writable host folder",
    program: "workspace.c",
    policy: mounted("rw"),
    args: ({ secretFile, folder }) => [secretFile, folder],
    tries: 20,
    check: (_result, { workspace }) => {
      const written = lstatSync(`${workspace}/written`);
      const owner = lstatSync(workspace);
      expect([written.mode & 0o7777, written.uid]).toEqual([0o644, owner.uid]);
    },
    stoppedBy: "mount namespace: every path is looked up inside",
  },
  {
    name: "odd file names, deep folders, sockets and fifos stay inside and go with the sandbox",
    program: "odd-names.c",
    tries: 4,
    stoppedBy: "the host never opens a path that the program made; a tmpfs dies at once",
  },
  {
    name: "and on a writable host folder they harm nothing outside",
    program: "odd-names.c",
    policy: mounted("rw"),
    tries: 4,
    stoppedBy: "the host never opens a path that the program made",
  },
];
