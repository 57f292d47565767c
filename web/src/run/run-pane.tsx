/**
 * @module
 * The run that is shown: how it stands, what it writes, what it asks, what it made.
 */
import { OlderNote } from "../history/older-note.tsx";
import { lazy } from "../ui/lazy.tsx";
import { Asks } from "../asks/asks.tsx";
import { Artifacts, hasArtifacts } from "../output/artifacts.tsx";
import { Output, StreamChoice } from "./output-pane.tsx";
import type { Run } from "./run.ts";
import { shownRun } from "./runs.ts";
import { standingOf } from "./standing.ts";

const Terminal = lazy(async () => (await import("../terminal/terminal.tsx")).Terminal);

export function RunPane() {
  const run = shownRun.value;
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
      <OlderNote run={run} />
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
