/**
 * @module
 * Names a process so that a later one can tell whether it still lives. A pid alone is not enough:
 * it is given out again.
 */
import { readFileSync } from "node:fs";

export interface ProcessTag {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  readonly startTime: string;
}

export function ownProcessTag(): ProcessTag {
  return { pid: process.pid, startTime: startTimeOf(process.pid) ?? "0" };
}

export function isProcessAlive(tag: ProcessTag): boolean {
  return startTimeOf(tag.pid) === tag.startTime;
}

/** The command's name in field 2 may hold blanks and brackets: fields count from its last `)`. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
