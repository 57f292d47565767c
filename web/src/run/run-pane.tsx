/**
 * @module
 * The run that is shown: how it stands, what it writes, what it asks, what it made.
 */
import { lazy } from "../ui/lazy.tsx";
import { Asks } from "../asks/asks.tsx";
import { Artifacts, hasArtifacts } from "../output/artifacts.tsx";
import { info } from "../state/server.ts";
import { describeEnd, type EndWords } from "./describe-end.ts";
import { heldLimits } from "./held-limits.ts";
import { Output, StreamChoice } from "./output-pane.tsx";
import type { Run } from "./run.ts";
import { currentRun } from "./runs.ts";

const Terminal = lazy(async () => (await import("../terminal/terminal.tsx")).Terminal);

export function RunPane() {
  const run = currentRun.value;
  if (run === undefined) {
    return (
      <div class="run-pane">
        <p class="hint">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd> runs the program. Its output comes here.
        </p>
      </div>
    );
  }
  return <ShownRun key={run.number} run={run} />;
}

function ShownRun({ run }: { readonly run: Run }) {
  return (
    <div class={hasArtifacts(run) ? "run-pane with-artifacts" : "run-pane"}>
      <div class="run-head">
        <Standing run={run} />
        {!run.project.isTerminal && <StreamChoice />}
      </div>
      <Asks run={run} />
      <Output run={run} phase="compile" />
      {run.project.isTerminal ? (
        <Terminal run={run} fallback={<p class="hint">Loading the terminal …</p>} />
      ) : (
        <Output run={run} phase="run" />
      )}
      <Artifacts run={run} />
    </div>
  );
}

/** One line, which screen readers say when it changes. */
function Standing({ run }: { readonly run: Run }) {
  const { kind, text, facts } = standingOf(run);
  return (
    <p class={`standing ${kind}`} role="status">
      <strong>{text}</strong>
      {facts.map((fact) => (
        <span key={fact}> · {fact}</span>
      ))}
    </p>
  );
}

type Words = Omit<EndWords, "kind"> & { readonly kind: EndWords["kind"] | "going" };

function standingOf(run: Run): Words {
  const state = run.state.value;
  const going = (text: string): Words => ({ kind: "going", text, facts: [] });
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
