/**
 * @module
 * The run phase, and the files that it leaves for its caller.
 */
import { isSandboxFailure } from "../core/errors.ts";
import type { Execution } from "../core/execution.ts";
import type { PreparedCommand } from "./prepare.ts";
import {
  artifactsFolder,
  type Artifacts,
  type ArtifactsRequest,
  type ExecutionRequest,
} from "./request.ts";
import { runPhase, type RunningPhase } from "./run-phase.ts";

export interface RunWithFiles {
  readonly run: Execution;
  readonly artifacts?: Artifacts;
}

export async function runAndCollect(
  command: PreparedCommand,
  phase: RunningPhase,
  { artifacts: request }: ExecutionRequest,
): Promise<RunWithFiles> {
  const run = await runPhase("run", command, phase);
  if (request === undefined || !isAlive(run)) return { run };
  const isEmpty = run.hasArtifacts === false && request.paths.every(isInOut);
  if (isEmpty) return { run, artifacts: { files: [], skipped: [], isComplete: true } };
  return { run, artifacts: await collectArtifacts(request, phase) };
}

/** A program that filled the sandbox so that nothing can be read loses its files, not its output. */
async function collectArtifacts(
  request: ArtifactsRequest,
  { sandbox, signal }: RunningPhase,
): Promise<Artifacts> {
  const none = { files: [], skipped: [], isComplete: false };
  try {
    return await sandbox.collect(request, signal);
  } catch (error) {
    if (signal.aborted) return { ...none, problem: "the run was canceled" };
    if (!isSandboxFailure(error)) throw error;
    return { ...none, problem: error.message };
  }
}

const isInOut = (path: string): boolean =>
  path === artifactsFolder || path.startsWith(`${artifactsFolder}/`);

/** Every other end is that of the sandbox, too. */
const isAlive = ({ outcome: { kind } }: Execution): boolean =>
  kind === "exited" || kind === "signaled";
