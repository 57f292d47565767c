/**
 * @module
 * Attacks on what only a container has around it.
 */
import type { Attack } from "../attack.ts";

const scratch = ["/workspace", "/tmp", "/dev/shm", "/home/sandbox"];

export const containerAttacks: readonly Attack[] = [
  {
    name: "the engine's sockets, cgroups, /sys and devices are out of reach",
    program: "container.c",
    tries: 170,
    stoppedBy: "read-only mounts, no capabilities, the device cgroup; sockets are not mounted",
  },
  {
    name: "the launcher, the image and the files that the engine adds can't be changed",
    program: "read-only.c",
    args: () => [
      ...["/glovebox", "/glovebox/glovebox-launcher", "/", "/etc", "/dev", "/sys", "/var", "/run"],
      ...["/etc/passwd", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/bin/sh"],
    ],
    tries: 190,
    stoppedBy: "read-only root file system and volume; they belong to root",
  },
  {
    name: "nothing of all that can be seen can be written to, but the folders that go with it",
    program: "writable.c",
    // Anybody may write to the last one, but no queue may hold anything: see container.c.
    args: () => [...scratch, "/dev/mqueue"],
    // It must get to the end: gVisor opens some thousand files a second.
    limits: { wallTimeMs: 30_000, cpuTimeMs: 30_000 },
    tries: 1,
    stoppedBy: "read-only root file system; they belong to root",
  },
];
