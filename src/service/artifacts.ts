/**
 * @module
 * The run phase, and the files that it leaves for its caller.
 */
import type { ChangesRequest } from "../core/changes.ts";
import { isSandboxFailure } from "../core/errors.ts";
import type { Execution } from "../core/execution.ts";
import type { PreparedCommand } from "./prepare.ts";
import {
  artifactsFolder,
  type Artifacts,
  type ArtifactsRequest,
  type ExecutionRequest,
  type ReadChanges,
} from "./request.ts";
import { runPhase, type RunningPhase } from "./run-phase.ts";

export interface RunWithFiles {
  readonly run: Execution;
  readonly artifacts?: Artifacts;
  readonly changes?: ReadChanges;
}

export async function runAndCollect(
  command: PreparedCommand,
  phase: RunningPhase,
  request: ExecutionRequest,
): Promise<RunWithFiles> {
  const run = await runPhase("run", command, phase);
  if (!isAlive(run)) return { run };
  const { artifacts, changes } = request;
  return {
    run,
    ...(artifacts === undefined ? {} : { artifacts: await bringOut(artifacts, run, phase) }),
    ...(changes === undefined ? {} : { changes: await readChanges(changes, phase) }),
  };
}

async function bringOut(
  request: ArtifactsRequest,
  run: Execution,
  phase: RunningPhase,
): Promise<Artifacts> {
  const isEmpty = run.hasArtifacts === false && request.paths.every(isInOut);
  if (isEmpty) return { files: [], skipped: [], isComplete: true };
  return collectArtifacts(request, phase);
}

async function readChanges(
  request: ChangesRequest,
  { sandbox, signal }: RunningPhase,
): Promise<ReadChanges> {
  if (sandbox.readChanges === undefined) throw new Error("this provider makes no copies");
  try {
    return { isComplete: await sandbox.readChanges(request, signal) };
  } catch (error) {
    if (signal.aborted) return { isComplete: false, problem: "the run was canceled" };
    if (!isSandboxFailure(error)) throw error;
    return { isComplete: false, problem: error.message };
  }
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
