/**
 * @module
 * The limit of output, held here once more: what comes from a function is its program's own word.
 */
import type { Command, OutputStream } from "../../core/command.ts";
import type { ReadAnswer } from "./answer.ts";

/** Cuts what is over the limit, and counts it as dropped. */
export function clipOutput(
  { output, execution }: ReadAnswer,
  { limits, onOutputLimit }: Pick<Command, "limits" | "onOutputLimit">,
): ReadAnswer {
  const most = limits.outputBytes === "unlimited" ? Infinity : limits.outputBytes;
  const room: Record<OutputStream, number> = { stdout: most, stderr: most };
  const cut: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  const kept = output.map(([stream, chunk]) => {
    const part = chunk.subarray(0, room[stream]);
    room[stream] -= part.byteLength;
    cut[stream] += chunk.byteLength - part.byteLength;
    return [stream, part] as const;
  });
  if (cut.stdout + cut.stderr === 0) return { output, execution };
  const { droppedBytes: before } = execution;
  const droppedBytes = { stdout: before.stdout + cut.stdout, stderr: before.stderr + cut.stderr };
  const ended = { kind: "limit", limit: "output", exitCode: null } as const;
  return {
    output: kept,
    execution: {
      ...execution,
      ...(onOutputLimit === "kill" ? { outcome: ended } : {}),
      droppedBytes,
    },
  };
}
