/**
 * @module
 * How a run stands, in words.
 */
import { info } from "../state/server.ts";
import { describeEnd, type EndWords } from "./describe-end.ts";
import { heldLimits } from "./held-limits.ts";
import type { Run } from "./run.ts";

export type Standing = Omit<EndWords, "kind"> & { readonly kind: EndWords["kind"] | "going" };

/** Reads its signals: who shows it shows it anew when they change. */
export function standingOf(run: Run): Standing {
  const state = run.state.value;
  const going = (text: string): Standing => ({ kind: "going", text, facts: [] });
  switch (state.kind) {
    case "sending":
      return going("Sending …");
    case "queued":
      return going("Waiting for its turn …");
    case "running":
      if (run.asks.value.length > 0) return going("Waiting for your answer");
      return going(run.attempts.value > 1 ? "Running, begun anew …" : "Running …");
    case "reconnecting":
      return going("The server does not answer. Trying again …");
    case "failed":
      return { kind: "bad", text: `Not run: ${state.message}`, facts: [] };
    case "ended": {
      const words = describeEnd(state.execution, heldLimits(run.project.limits, info.value));
      const isAgain = run.attempts.value > 1;
      return isAgain ? { ...words, facts: [...words.facts, "the server began it anew"] } : words;
    }
  }
}
