/**
 * @module
 * The step that all others are for: the program runs. What makes sandboxes is loaded where no server of
 * this user runs that can do it.
 */
import { watchActedOn } from "../new-acted-on.ts";
import { runOnLocalServer } from "../run-on-server.ts";
import type { RunParts } from "../run-parts.ts";
import { once } from "../../util/once.ts";
import type { Run } from "./run.ts";

/** @returns The exit code; all output was handed to our streams, and the sandbox is gone, or a server's. */
export async function runAnywhere(run: Run): Promise<number> {
  const { asking, review, resolved, terminal, door } = run;
  const parts: RunParts = {
    ...run,
    stdin:
      resolved.stdin === "used" || isTypedEvent(run)
        ? "empty"
        : once(() => asking?.programInput ?? door.stdin()),
    ...(review === undefined ? { review: undefined } : { review }),
    onReport: (report) => (run.report = report),
    newActedOn: watchActedOn(resolved.program.workspace),
  };
  try {
    const exitCode = await runOnLocalServer(parts);
    if (exitCode !== undefined) return exitCode;
    const { runLocally } = await import("../run-locally.ts");
    return await runLocally(parts);
  } finally {
    terminal?.[Symbol.dispose]();
  }
}

/** A function gets its event whole, before it runs: nobody is there to type it. */
const isTypedEvent = ({ options }: Run): boolean =>
  options.provider === "lambda" && process.stdin.isTTY;
