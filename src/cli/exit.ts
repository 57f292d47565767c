/**
 * @module
 * Exit codes of `glovebox`, those of `glovebox run` above all.
 */
import { constants } from "node:os";
import { exitCodeOf } from "../core/outcome.ts";
import type { ExecutionReport } from "../service/request.ts";

/** Our own failure: as docker-run(1). */
export const EXIT_OUR_FAILURE = 125;

/** The number of a signal on this host. */
export function signalNumber(signal: NodeJS.Signals): number {
  return constants.signals[signal];
}

/** How we came to end a run, apart from the program's own end. */
export interface RunCircumstances {
  /** The first signal that this process got. */
  readonly received: NodeJS.Signals | undefined;
  /** Nobody reads our output any more. */
  readonly outputClosed: boolean;
}

/** As docker-run(1), timeout(1) and the shell have it; that of the compiler where nothing was run. */
export function exitCodeOfReport(
  { run, compile }: Pick<ExecutionReport, "run" | "compile">,
  { received, outputClosed }: RunCircumstances,
): number {
  const outcome = run?.outcome ?? compile?.outcome ?? { kind: "canceled" as const };
  if (outcome.kind === "canceled") return exitCodeOfAbort({ received, outputClosed });
  return exitCodeOf(outcome, signalNumber);
}

/** The exit code of a run that we ended. A reader that went away is SIGPIPE to whoever writes to it. */
export function exitCodeOfAbort({ received, outputClosed }: RunCircumstances): number {
  if (outputClosed) return 128 + signalNumber("SIGPIPE");
  return 128 + signalNumber(received ?? "SIGINT");
}
