/**
 * @module
 * What one command used.
 */

export interface ResourceUsage {
  /** From start to the end of its last process, in ms. Source: CLOCK_MONOTONIC of the launcher. */
  readonly wallTimeMs: number;
  /**
   * CPU time of all processes, user and system, in ms. Source: cgroup, else wait4(2). Absent where
   * the provider cannot measure it.
   */
  readonly cpuTimeMs?: number;
  /**
   * Highest memory use in bytes of the whole sandbox (cgroup `memory.peak`, or sampled), without the
   * files that earlier commands read; without a cgroup that of its largest process (`ru_maxrss`).
   * Absent where the provider cannot measure it.
   */
  readonly peakMemoryBytes?: number;
}
