/**
 * @module
 * Attacks on the kernel through its system calls, and on what guards the program's privileges.
 */
import type { Attack } from "../attack.ts";

export const kernelAttacks: readonly Attack[] = [
  {
    name: "a new namespace by unshare, setns, clone or clone3 is refused",
    program: "namespaces.c",
    tries: 50,
    stoppedBy: "seccomp",
  },
  {
    name: "nothing can be mounted, unmounted, remounted or moved",
    program: "mounts.c",
    tries: 26,
    stoppedBy: "seccomp; no capabilities",
  },
  {
    name: "keyrings, bpf, perf, userfaultfd, io_uring, fanotify and file handles are out of reach",
    program: "kernel-parts.c",
    tries: 85,
    stoppedBy: "seccomp",
  },
  {
    name: "clock, names, modules, swap, ports and personality of the machine stay",
    program: "machine.c",
    tries: 50,
    stoppedBy: "seccomp; no capabilities",
  },
  {
    name: "32-bit calls, x32 calls and unknown calls are refused",
    program: "foreign-abi.c",
    tries: 60,
    stoppedBy: "seccomp, by architecture and highest number",
  },
  {
    name: "raw, packet, vsock, alg, bluetooth and other odd sockets can't be made",
    program: "sockets.c",
    tries: 270,
    stoppedBy: "seccomp; no capabilities in the network namespace",
  },
  {
    name: "rare protocols of IP can't be started",
    program: "odd-protocols.c",
    tries: 16,
    stoppedBy: "seccomp",
  },
  {
    name: "typing into a terminal and line disciplines are refused",
    program: "terminals.c",
    tries: 30,
    stoppedBy: "seccomp; a devpts of its own",
  },
  {
    name: "a seccomp filter, tracer or listener of its own does not widen anything",
    program: "own-seccomp.c",
    tries: 8,
    stoppedBy: "seccomp: the strictest filter wins",
  },
  {
    name: "no capability, id, priority or limit can be gained",
    program: "privileges.c",
    tries: 27,
    stoppedBy: "user namespace with one id, empty bounding set, no_new_privs, hard limits",
  },
  {
    name: "set-user-ID programs of the host gain nothing",
    program: "setid-programs.c",
    tries: 8,
    stoppedBy: "nosuid mounts, no_new_privs",
  },
  {
    name: "devices can't be made or changed, and only harmless ones are there",
    program: "devices.c",
    tries: 70,
    stoppedBy: "no CAP_MKNOD, nodev mounts, a /dev of six nodes",
  },
];
