/**
 * @module
 * Runs a request and keeps its output: for doors that answer once, at the end.
 */
import type { OutputStream } from "../core/command.ts";
import type { ExecutionReport, ExecutionRequest, PhaseName } from "./request.ts";
import type { ExecutionService } from "./service.ts";

/** Each stream holds at most the request's `outputBytes`, `output` as much as both. */
export interface PhaseOutput {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Both streams, interleaved in order of arrival. */
  readonly output: Buffer;
}

export interface CollectedExecution {
  readonly report: ExecutionReport;
  /** Empty buffers for a phase that did not happen. */
  readonly output: Readonly<Record<PhaseName, PhaseOutput>>;
}

/**
 * As `ExecutionService.run`. A request with unlimited output is kept in memory as a whole.
 */
export async function collect(
  service: Pick<ExecutionService, "run">,
  request: ExecutionRequest,
  signal: AbortSignal,
): Promise<CollectedExecution> {
  const pieces: { phase: PhaseName; stream: OutputStream; chunk: Buffer }[] = [];
  const report = await service.run(
    request,
    { onOutput: (phase, stream, chunk) => void pieces.push({ phase, stream, chunk }) },
    signal,
  );
  const join = (phase: PhaseName, streams: readonly OutputStream[]): Buffer => {
    const wanted = pieces.filter(
      (piece) => piece.phase === phase && streams.includes(piece.stream),
    );
    return Buffer.concat(wanted.map(({ chunk }) => chunk));
  };
  const outputOf = (phase: PhaseName): PhaseOutput => ({
    stdout: join(phase, ["stdout"]),
    stderr: join(phase, ["stderr"]),
    output: join(phase, ["stdout", "stderr"]),
  });
  return { report, output: { compile: outputOf("compile"), run: outputOf("run") } };
}
