/**
 * @module
 * Where `linux` is weaker by its nature.
 */
import { limitOutcome, type Differences } from "./attack.ts";

/** Where limits are sampled, and not kept by a cgroup. */
export const ofSampling: Differences = {
  "floods of signals, orphans and traced children don't hold pid 1 up": {
    tries: 1,
    ends: [
      { kind: "exited", exitCode: 0 },
      limitOutcome("processes"),
      limitOutcome("processes", 0),
    ],
    reason:
      "orphans that are not reaped yet count, and a sample that sees too many ends the program",
  },
};
