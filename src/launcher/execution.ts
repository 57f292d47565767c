/**
 * @module
 * How a command ended, from the launcher's words to ours.
 */
import { constants } from "node:os";
import type { OutputStream } from "../core/command.ts";
import type { Execution } from "../core/execution.ts";
import { outcomeLimits, type Outcome } from "../core/outcome.ts";
import type { ExitStatus } from "./status-line.ts";

export const canceled: Execution = {
  outcome: { kind: "canceled" },
  usage: { wallTimeMs: 0, cpuTimeMs: 0 },
  droppedBytes: { stdout: 0, stderr: 0 },
};

export function executionOf(status: ExitStatus): Execution {
  const droppedBytes: Record<OutputStream, number> = {
    stdout: status.droppedStdout,
    stderr: status.droppedStderr,
  };
  return {
    outcome: outcomeOf(status),
    usage: {
      wallTimeMs: status.wallUs / 1000,
      cpuTimeMs: status.cpuUs / 1000,
      peakMemoryBytes: status.peakBytes,
    },
    droppedBytes,
    hasArtifacts: status.hasOut,
  };
}

function outcomeOf(status: ExitStatus): Outcome {
  if (status.limit === "canceled") return { kind: "canceled" };
  const exitCode = status.signal === 0 ? status.code : null;
  const limit = outcomeLimits.find((name) => name === status.limit);
  if (limit !== undefined) return { kind: "limit", limit, exitCode };
  if (exitCode !== null) return { kind: "exited", exitCode };
  return { kind: "signaled", signal: signalName(status.signal) };
}

/** Real-time signals have no name in Node; the shell's numbering is kept for them. */
function signalName(number: number): NodeJS.Signals {
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return (name ?? `SIG${number}`) as NodeJS.Signals;
}
