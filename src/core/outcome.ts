/**
 * @module
 * How a program ended, and the exit code that a shell user expects for it.
 */

/** Limits whose hit ends or explains the end of a program. */
export const outcomeLimits = [
  "wallTime",
  "cpuTime",
  "memory",
  "output",
  "processes",
  "disk",
] as const;
export type OutcomeLimit = (typeof outcomeLimits)[number];

/** How the user's program ended. A failure of the sandbox itself is thrown, never an outcome. */
export type Outcome =
  | { readonly kind: "exited"; readonly exitCode: number }
  | { readonly kind: "signaled"; readonly signal: NodeJS.Signals }
  /**
   * A limit ended it. `processes` and `disk` refuse a call instead of killing (EAGAIN, ENOSPC):
   * they are the outcome when they were hit and the program then failed, and the exit code is kept.
   */
  | { readonly kind: "limit"; readonly limit: OutcomeLimit; readonly exitCode: number | null }
  /** The caller went away, or asked for the end. */
  | { readonly kind: "canceled" };

/** Wall-time limit; as timeout(1). */
const EXIT_TIMEOUT = 124;
/** What a program killed by SIGKILL leaves in a shell; as docker-run(1) for out of memory. */
const EXIT_KILLED = 137;
/** What a program ended by SIGINT leaves in a shell. */
const EXIT_INTERRUPTED = 130;

/**
 * The CLI's exit code for an outcome: docker-run(1), timeout(1) and the shell.
 *
 * @param signalNumber The host's number of a signal (`os.constants.signals`).
 */
export function exitCodeOf(
  outcome: Outcome,
  signalNumber: (signal: NodeJS.Signals) => number,
): number {
  switch (outcome.kind) {
    case "exited":
      return outcome.exitCode;
    case "signaled":
      return 128 + signalNumber(outcome.signal);
    case "limit":
      if (outcome.limit === "wallTime" || outcome.limit === "cpuTime") return EXIT_TIMEOUT;
      return outcome.exitCode ?? EXIT_KILLED;
    case "canceled":
      return EXIT_INTERRUPTED;
  }
}

/** The outcome in plain words, for people: `stopped: used more than its wall time`. */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case "exited":
      return `exited with code ${outcome.exitCode}`;
    case "signaled":
      return `ended by ${outcome.signal}`;
    case "limit":
      return limitWords[outcome.limit];
    case "canceled":
      return "canceled";
  }
}

const limitWords: Readonly<Record<OutcomeLimit, string>> = {
  wallTime: "stopped: ran longer than its wall-time limit",
  cpuTime: "stopped: used more CPU time than its limit",
  memory: "killed: used more memory than its limit",
  output: "stopped: wrote more output than its limit",
  processes: "failed: started more processes than its limit",
  disk: "failed: wrote more to disk than its limit",
};
