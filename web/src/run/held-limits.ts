/**
 * @module
 * The limits that hold for a program: its own, else the server's.
 */
import type { InfoAnswer } from "../../../src/client/types.ts";
import type { Limits } from "../state/project-values.ts";
import type { HeldLimits } from "./describe-end.ts";

/** Where the server did not say what it gives. */
const unknown = {
  wall_time_ms: 10_000,
  cpu_time_ms: 10_000,
  memory_bytes: 512 * 1024 * 1024,
  processes: 64,
  output_bytes: 1024 * 1024,
  disk_bytes: 64 * 1024 * 1024,
};

export function heldLimits(own: Limits, info: InfoAnswer | undefined): HeldLimits {
  const server = info?.limits.default ?? unknown;
  return {
    wallTimeMs: own.wallTimeMs ?? server.wall_time_ms,
    cpuTimeMs: server.cpu_time_ms,
    memoryBytes: own.memoryBytes ?? server.memory_bytes,
    processes: own.processes ?? server.processes,
    outputBytes: own.outputBytes ?? server.output_bytes,
    diskBytes: server.disk_bytes,
  };
}
