/**
 * @module
 * The memory of a process, as the kernel counts it.
 */
import { readFile } from "node:fs/promises";

const BYTES_PER_MB = 1024 * 1024;

/** In units of 2^20 bytes. */
export interface Memory {
  /** VmRSS of proc_pid_status(5). */
  readonly residentMb: number;
  /** The most that it ever was. */
  readonly peakMb: number;
  /** PSS: of pages that others have too only a share. */
  readonly proportionalMb: number;
}

export async function readMemory(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  const megabytes = (text: string, field: string): number =>
    (Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]) * 1024) / BYTES_PER_MB;
  return {
    residentMb: megabytes(status, "VmRSS"),
    peakMb: megabytes(status, "VmHWM"),
    proportionalMb: megabytes(rollup, "Pss"),
  };
}
