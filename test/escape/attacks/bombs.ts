/**
 * @module
 * Programs that take all they can get, of every kind.
 */
import { expect } from "vitest";
import { attackLimits, limitOutcome, type Attack } from "../attack.ts";

const MIB = 1024 * 1024;
const { processes } = attackLimits;

/** Killed in the middle, or refused more and at its end. */
const boundedMemory = [
  limitOutcome("memory"),
  limitOutcome("memory", 1),
  { kind: "exited", exitCode: 0 } as const,
];

const memoryBomb = (kind: string, title: string, more: Partial<Attack> = {}): Attack => ({
  name: `memory as ${title} is bounded`,
  program: "memory-bomb.c",
  args: () => [kind, String(attackLimits.memoryBytes / MIB)],
  tries: 1,
  ends: boundedMemory,
  stoppedBy: "the memory limit of the cgroup; sampling without one",
  ...more,
});

export const bombAttacks: readonly Attack[] = [
  {
    name: "a fork bomb is refused more processes and ends with its program",
    program: "fork-bomb.c",
    args: () => ["1"],
    // Two seconds on all processors, which the kernel's part of ended processes must not cut short.
    limits: { cpuTimeMs: "unlimited", memoryBytes: 2 ** 30 },
    tries: 3,
    ends: "anyhow",
    stoppedBy: "pids.max, or RLIMIT_NPROC in the user namespace",
  },
  {
    name: "the classic shell fork bomb ends with its shell",
    program: "shell-fork-bomb.sh",
    tries: 1,
    ends: "anyhow",
    check: ({ wallTimeMs }) => expect(wallTimeMs).toBeLessThan(8_000),
    stoppedBy: "pids.max, or RLIMIT_NPROC; pid 1 kills what is left",
  },
  {
    name: "threads count as processes",
    program: "thread-bomb.c",
    args: () => [String(processes)],
    tries: 2,
    stoppedBy: "pids.max, or RLIMIT_NPROC",
  },
  {
    name: "zombies count as processes, and orphans are reaped",
    program: "zombie-bomb.c",
    args: () => [String(processes)],
    tries: 3,
    stoppedBy: "pids.max, or RLIMIT_NPROC; pid 1 reaps",
  },
  {
    name: "memory as files of all folders, pipes and pages together is bounded",
    program: "memory-mix.c",
    args: () => [String(attackLimits.memoryBytes / MIB)],
    limits: { diskBytes: 48 * MIB, openFiles: 256 },
    tries: 1,
    ends: boundedMemory,
    stoppedBy: "all of it is charged to the cgroup; sampling adds up what it can see",
  },
  memoryBomb("private", "plain pages", { ends: [limitOutcome("memory")] }),
  memoryBomb("processes", "many processes", { ends: "anyhow" }),
  memoryBomb("shared", "shared pages that are unmapped again", { needs: "memory" }),
  memoryBomb("mapped-shared", "shared pages"),
  memoryBomb("file", "one memfd"),
  memoryBomb("small-files", "many memfds"),
  memoryBomb("sysv", "detached SysV segments"),
  memoryBomb("semaphores", "SysV semaphores"),
  memoryBomb("messages", "SysV messages"),
  memoryBomb("page-tables", "page tables of empty pages"),
  memoryBomb("pipes", "full pipes"),
  memoryBomb("unix", "full Unix sockets", { needs: "memory" }),
  memoryBomb("tcp", "full TCP sockets", { needs: "memory" }),
  memoryBomb("locks", "file locks", { ends: "anyhow", limits: { cpuTimeMs: 1_000 } }),
];
