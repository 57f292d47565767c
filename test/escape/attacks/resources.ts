/**
 * @module
 * Attacks on streams, disk, time and the end of the program.
 */
import { expect } from "vitest";
import { attackLimits, limitOutcome, type Attack } from "../attack.ts";

const MIB = 1024 * 1024;
const { diskBytes, outputBytes } = attackLimits;

export const resourceAttacks: readonly Attack[] = [
  {
    name: "a flood on both streams is cut at the limit and counted",
    program: "output-bomb.c",
    args: () => ["64"],
    tries: 1,
    ends: [{ kind: "exited", exitCode: 0 }],
    check: ({ keptBytes, droppedBytes }) => {
      expect(keptBytes).toBe(2 * outputBytes);
      expect(droppedBytes).toBeGreaterThan(2 * 63 * MIB - 1024);
    },
    stoppedBy: "the launcher counts and drops",
  },
  {
    name: "a flood ends the program where that was asked for",
    program: "output-bomb.c",
    args: () => ["4096"],
    tries: 1,
    onOutputLimit: "kill",
    ends: [limitOutcome("output")],
    check: ({ keptBytes }) => expect(keptBytes).toBeLessThanOrEqual(2 * outputBytes),
    stoppedBy: "the launcher kills the sandbox",
  },
  {
    name: "closed, reopened and non-blocking streams with forged status lines confuse nobody",
    program: "stream-tricks.c",
    tries: 2,
    stdin: "never read",
    ends: [{ kind: "exited", exitCode: 7 }],
    check: ({ wallTimeMs }) => expect(wallTimeMs).toBeLessThan(3_000),
    stoppedBy: "status lines have a pipe of their own; the end of the program ends its processes",
  },
  {
    name: "daemons, stopped and traced processes die with their program",
    program: "daemon.c",
    tries: 6,
    check: ({ wallTimeMs }) => expect(wallTimeMs).toBeLessThan(3_000),
    stoppedBy: "pid 1 kills all that is left and waits for it",
  },
  {
    name: "all writable folders together end at the disk limit",
    program: "disk-bomb.c",
    args: () => ["bytes", String(diskBytes / MIB)],
    tries: 5,
    ends: [limitOutcome("disk", 1)],
    stoppedBy: "one tmpfs with a size",
  },
  {
    name: "empty files end at the inode limit",
    program: "disk-bomb.c",
    args: () => ["inodes", String(diskBytes / MIB)],
    tries: 5,
    ends: [limitOutcome("disk", 1)],
    stoppedBy: "one tmpfs with a number of inodes",
  },
  {
    name: "files on a disk larger than the memory count as memory",
    program: "disk-bomb.c",
    args: () => ["bytes", "320"],
    limits: { diskBytes: 320 * MIB },
    tries: 0,
    ends: [limitOutcome("memory"), limitOutcome("memory", 1)],
    stoppedBy: "tmpfs pages are charged to the cgroup; added to the samples without one",
  },
  {
    name: "CPU time of children that nobody waits for is counted",
    program: "usage.c",
    args: () => ["600"],
    tries: 1,
    check: ({ cpuTimeMs }) => expect(cpuTimeMs).toBeGreaterThan(500),
    needs: "cpuTime",
    stoppedBy: "the CPU counter of the cgroup",
  },
  {
    name: "and ends them at the limit",
    program: "usage.c",
    args: () => ["100000"],
    limits: { cpuTimeMs: 500 },
    tries: 1,
    ends: [limitOutcome("cpuTime")],
    needs: "cpuTime",
    stoppedBy: "the CPU counter of the cgroup",
  },
];
