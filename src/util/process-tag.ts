/**
 * @module
 * Names a process so that a later one can tell whether it still lives. A pid alone is not enough:
 * it is given out again.
 */
import { readProcessStat } from "./process-stat.ts";

export interface ProcessTag {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  readonly startTime: string;
}

export function ownProcessTag(): ProcessTag {
  return { pid: process.pid, startTime: readProcessStat("self")?.startTicks ?? "0" };
}

export function isProcessAlive(tag: ProcessTag): boolean {
  return readProcessStat(tag.pid)?.startTicks === tag.startTime;
}
