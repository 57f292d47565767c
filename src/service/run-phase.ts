/**
 * @module
 * One command of a phase, with its output handed on.
 */
import type { Execution } from "../core/execution.ts";
import type { ProviderSandbox } from "../core/provider.ts";
import type { PreparedCommand } from "./prepare.ts";
import type { ExecutionSink, PhaseName } from "./request.ts";

/** What a command of a phase needs besides itself. */
export interface RunningPhase {
  readonly sandbox: ProviderSandbox;
  readonly sink: ExecutionSink;
  readonly signal: AbortSignal;
}

export async function runPhase(
  name: PhaseName,
  command: PreparedCommand,
  { sandbox, sink, signal }: RunningPhase,
): Promise<Execution> {
  const onOutput = (stream: "stdout" | "stderr", chunk: Buffer): void | Promise<void> =>
    sink.onOutput(name, stream, chunk);
  return sandbox.exec({ ...command, onOutput }, signal);
}

export const isSuccess = ({ outcome }: Execution): boolean =>
  outcome.kind === "exited" && outcome.exitCode === 0;
