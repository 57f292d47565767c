/**
 * @module
 * Names a process so that a later one with the same number is not taken for it.
 */
import { readlink } from "node:fs/promises";
import { readProcessStat } from "../../util/process-stat.ts";

export interface ProcessIdentity {
  /** Inode of the PID namespace that `pid` counts in, pid_namespaces(7). */
  readonly namespace: string;
  readonly pid: string;
  /** In clock ticks after boot: field 22 of proc_pid_stat(5). */
  readonly startTicks: string;
}

/** As `<namespace>-<pid>-<start>`. */
export async function ownIdentity(): Promise<string> {
  const { pid } = process;
  return `${await ownNamespace()}-${pid}-${readProcessStat(pid)?.startTicks ?? "0"}`;
}

/** The identity that a text begins with, followed by `-`. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const [, namespace, pid, startTicks] = /^(\d+)-(\d+)-(\d+)-/.exec(text) ?? [];
  if (namespace === undefined || pid === undefined || startTicks === undefined) return undefined;
  return { namespace, pid, startTicks };
}

/** True also where it can't be told: a process of another PID namespace is not ours to judge. */
export async function isRunning({ namespace, pid, startTicks }: ProcessIdentity): Promise<boolean> {
  if (namespace !== (await ownNamespace())) return true;
  return readProcessStat(Number(pid))?.startTicks === startTicks;
}

async function ownNamespace(): Promise<string> {
  return (await readlink("/proc/self/ns/pid")).replace(/\D/g, "");
}
