/**
 * @module
 * What a running server holds of this host, read from the kernel.
 */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { cgroupParents, type CgroupPlace } from "../src/providers/linux/cgroups.ts";
import { listProcesses } from "../test/helpers/leftovers.ts";

export interface Holdings {
  /** Resident memory: VmRSS of proc_pid_status(5). */
  readonly residentBytes: number;
  readonly fds: number;
  /** Cgroups of its sandboxes: those of other servers don't count. */
  readonly cgroups: number;
  readonly mounts: number;
  /** Its children and theirs, zombies too. */
  readonly processes: number;
}

const POLL_MS = 250;
const MAX_WAIT_MS = 5_000;
/** Memory counts as settled when it moved less than this between two looks. */
const STEADY_BYTES = 256 * 1024;

/** Looks until nothing changes between two looks, at most 5 s long. */
export async function settledHoldings(pid: number, place: CgroupPlace): Promise<Holdings> {
  const deadline = performance.now() + MAX_WAIT_MS;
  let last = await readHoldings(pid, place);
  while (performance.now() < deadline) {
    await sleep(POLL_MS);
    const now = await readHoldings(pid, place);
    if (isSteady(last, now)) return now;
    last = now;
  }
  return last;
}

function isSteady(last: Holdings, now: Holdings): boolean {
  const { residentBytes, ...counts } = now;
  const keys = Object.keys(counts) as (keyof typeof counts)[];
  return (
    Math.abs(residentBytes - last.residentBytes) < STEADY_BYTES &&
    keys.every((key) => last[key] === counts[key])
  );
}

async function readHoldings(pid: number, place: CgroupPlace): Promise<Holdings> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const mountinfo = await readFile(`/proc/${pid}/mountinfo`, "utf8");
  return {
    residentBytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024,
    fds: (await readdir(`/proc/${pid}/fd`)).length,
    cgroups: await countCgroups(pid, place),
    mounts: mountinfo.trim().split("\n").length,
    processes: await countDescendants(pid),
  };
}

async function countCgroups(pid: number, place: CgroupPlace): Promise<number> {
  const names = await Promise.all(cgroupParents(place).map((parent) => readdir(parent)));
  return names.flat().filter((name) => name.startsWith(`glovebox-${pid}-`)).length;
}

async function countDescendants(pid: number): Promise<number> {
  const parents = new Map((await listProcesses()).map((found) => [found.pid, found.parent]));
  const isBelow = (candidate: number): boolean => {
    let ancestor = parents.get(candidate);
    while (ancestor !== undefined && ancestor !== pid) ancestor = parents.get(ancestor);
    return ancestor === pid;
  };
  return [...parents.keys()].filter(isBelow).length;
}
