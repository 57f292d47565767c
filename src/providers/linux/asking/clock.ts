/**
 * @module
 * A command's time while somebody is asked: it stands still, so that who decides may think. A program
 * chooses how often it asks, so that has a bound.
 */
import type { PermissionGate } from "../../../core/permission.ts";

export interface Clock {
  /** The same gate; while it has a question open, the time stands still. */
  holdFor(gate: PermissionGate): PermissionGate;
  /** Until now, in all. */
  readonly heldMs: () => number;
  /** For good. */
  readonly stop: () => void;
}

/** What is known already is answered sooner: nobody waits then. */
const beginMs = 20;
/** Of one sandbox, in all. After that its time runs, whoever is asked. */
const maxHeldMs = 30 * 60_000;

/** @param tell Sets the launcher's clock. */
export function createClock(tell: (state: "hold" | "go") => void): Clock {
  let open = 0;
  let heldMs = 0;
  let sinceMs: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  const goOn = (): void => {
    clearTimeout(timer);
    if (sinceMs === undefined) return;
    heldMs += performance.now() - sinceMs;
    sinceMs = undefined;
    tell("go");
  };
  const hold = (): void => {
    sinceMs = performance.now();
    tell("hold");
    timer = setTimeout(goOn, maxHeldMs - heldMs).unref();
  };
  const decide: (gate: PermissionGate) => PermissionGate["decide"] =
    (gate) => async (question, signal) => {
      // Who listens goes on meanwhile.
      if (question.subject.kind === "forward") return gate.decide(question, signal);
      open += 1;
      if (open === 1 && heldMs < maxHeldMs) timer = setTimeout(hold, beginMs).unref();
      try {
        return await gate.decide(question, signal);
      } finally {
        open -= 1;
        if (open === 0) goOn();
      }
    };
  return {
    holdFor: (gate) => ({ ...gate, decide: decide(gate) }),
    heldMs: () => heldMs + (sinceMs === undefined ? 0 : performance.now() - sinceMs),
    stop: () => {
      clearTimeout(timer);
      sinceMs = undefined;
    },
  };
}
