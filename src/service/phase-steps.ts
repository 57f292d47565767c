/**
 * @module
 * Arithmetic of a phase that is made of several commands.
 */
import type { Command } from "../core/command.ts";
import type { Execution } from "../core/execution.ts";
import { limitTable, type Unlimited } from "../core/limits.ts";
import type { ResourceUsage } from "../core/usage.ts";

/** What is left of a phase's time for its next command: at least the smallest that a command can have. */
export function remaining(limits: Command["limits"], used: ResourceUsage): Command["limits"] {
  const { min } = limitTable.wallTimeMs;
  const rest = (limit: number | Unlimited, usedMs = 0): number | Unlimited =>
    limit === "unlimited" ? limit : Math.max(min, Math.floor(limit - usedMs));
  return {
    ...limits,
    wallTimeMs: rest(limits.wallTimeMs, used.wallTimeMs),
    cpuTimeMs: rest(limits.cpuTimeMs, used.cpuTimeMs),
  };
}

/** Two commands of a phase as one: the end of the second, the use of both. */
export function joined(first: Execution, second: Execution): Execution {
  const { usage: a, droppedBytes: lost } = first;
  const { usage: b, droppedBytes } = second;
  const usage: ResourceUsage = {
    wallTimeMs: a.wallTimeMs + b.wallTimeMs,
    ...(a.cpuTimeMs === undefined || b.cpuTimeMs === undefined
      ? {}
      : { cpuTimeMs: a.cpuTimeMs + b.cpuTimeMs }),
    ...(a.peakMemoryBytes === undefined || b.peakMemoryBytes === undefined
      ? {}
      : { peakMemoryBytes: Math.max(a.peakMemoryBytes, b.peakMemoryBytes) }),
  };
  return {
    outcome: second.outcome,
    usage,
    droppedBytes: {
      stdout: lost.stdout + droppedBytes.stdout,
      stderr: lost.stderr + droppedBytes.stderr,
    },
  };
}
