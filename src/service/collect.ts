/**
 * @module
 * Runs a request and keeps its output: for doors that answer once, at the end.
 */
import type { OutputStream } from "../core/command.ts";
import { createByteCollector } from "../util/byte-collector.ts";
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
  const compile = createPhaseCollector();
  const run = createPhaseCollector();
  const phases: Readonly<Record<PhaseName, PhaseCollector>> = { compile, run };
  const report = await service.run(
    request,
    {
      onOutput: (phase, stream, chunk) => {
        phases[phase].add(stream, chunk);
      },
    },
    signal,
  );
  return { report, output: { compile: compile.take(), run: run.take() } };
}

interface PhaseCollector {
  add(stream: OutputStream, chunk: Buffer): void;
  take(): PhaseOutput;
}

function createPhaseCollector(): PhaseCollector {
  const streams = { stdout: createByteCollector(), stderr: createByteCollector() };
  const both = createByteCollector();
  return {
    add: (stream, chunk) => {
      streams[stream].add(chunk);
      both.add(chunk);
    },
    take: () => ({
      stdout: streams.stdout.take(),
      stderr: streams.stderr.take(),
      output: both.take(),
    }),
  };
}
