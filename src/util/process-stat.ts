/**
 * @module
 * What the kernel says about a process: proc_pid_stat(5).
 */
import { readFileSync } from "node:fs";

export interface ProcessStat {
  /** `Z` is a zombie. */
  readonly state: string;
  readonly processGroup: number;
  /** The foreground process group of its terminal; -1 where it has none. */
  readonly foregroundGroup: number;
  /** When it started, in clock ticks after boot: a pid is given out again, this time is not. */
  readonly startTicks: string;
}

/** Undefined where there is no such process. */
export function readProcessStat(pid: number | "self"): ProcessStat | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The second field is the program's name in brackets, and may hold spaces and brackets itself.
  // What follows begins with the third.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return {
    state: fields[0] ?? "",
    processGroup: Number(fields[2]),
    foregroundGroup: Number(fields[5]),
    startTicks: fields[19] ?? "",
  };
}
