/**
 * @module
 * Names a process so that a later one with the same number is not taken for it.
 */
import { readFile, readlink } from "node:fs/promises";

export interface ProcessIdentity {
  /** Inode of the PID namespace that `pid` counts in, pid_namespaces(7). */
  readonly namespace: string;
  readonly pid: string;
  /** In clock ticks after boot: field 22 of proc_pid_stat(5). */
  readonly startTicks: string;
}

/** As `<namespace>-<pid>-<start>`. */
export async function ownIdentity(): Promise<string> {
  const pid = String(process.pid);
  return `${await ownNamespace()}-${pid}-${(await readStat(pid))?.startTicks ?? "0"}`;
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
  return (await readStat(pid))?.startTicks === startTicks;
}

export interface ProcessStat {
  /** `Z` is a zombie. */
  readonly state: string;
  readonly processGroup: number;
  readonly startTicks: string;
}

/** Undefined where there is no such process. */
export async function readStat(pid: string): Promise<ProcessStat | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => undefined);
  if (stat === undefined) return undefined;
  // The second field is the program's name in brackets, and may hold spaces and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state = "", , processGroup = ""] = fields;
  return { state, processGroup: Number(processGroup), startTicks: fields[19] ?? "" };
}

async function ownNamespace(): Promise<string> {
  return (await readlink("/proc/self/ns/pid")).replace(/\D/g, "");
}
