/**
 * @module
 * The step that all others are for: the program runs. What makes sandboxes is loaded where no server of
 * this user runs that can do it.
 */
import { isGloveboxError } from "../../core/errors.ts";
import { watchActedOn } from "../new-acted-on.ts";
import { runOnLocalServer } from "../run-on-server.ts";
import type { RunParts } from "../run-parts.ts";
import { once } from "../../util/once.ts";
import type { Run } from "./run.ts";

/** @returns The exit code; all output was handed to our streams, and the sandbox is gone, or a server's. */
export async function runAnywhere(run: Run): Promise<number> {
  const newActedOn = watchActedOn(run.resolved.program.workspace);
  const parts = { ...partsOf(run), newActedOn };
  try {
    const exitCode = await runOnLocalServer(parts);
    if (exitCode !== undefined) return exitCode;
    const { runLocally } = await import("../run-locally.ts");
    return await runLocally(parts);
  } finally {
    run.terminal?.[Symbol.dispose]();
  }
}

/** Fetches its image, or deploys its function. */
export async function deployAhead(run: Run): Promise<void> {
  const { deployLocally } = await import("../run-locally.ts");
  try {
    run.opened = await deployLocally(partsOf(run));
  } catch (error) {
    // What its user gave up is no failure.
    if (!run.interruption.signal.aborted || isGloveboxError(error)) throw error;
  }
}

function partsOf(run: Run): RunParts {
  const { asking, review, resolved, door } = run;
  return {
    ...run,
    stdin:
      resolved.stdin === "used" || isTypedEvent(run)
        ? "empty"
        : once(() => asking?.programInput ?? door.stdin()),
    ...(review === undefined ? { review: undefined } : { review }),
    onReport: (report) => (run.report = report),
    newActedOn: () => [],
  };
}

/** A function gets its event whole, before it runs: nobody is there to type it. */
const isTypedEvent = ({ options }: Run): boolean =>
  options.provider === "lambda" && process.stdin.isTTY;
