/**
 * @module
 * Says that what is shown is not the latest run.
 */
import type { Run } from "../run/run.ts";
import { isRunning, runs, shownRun } from "../run/runs.ts";

export function OlderNote({ run }: { readonly run: Run }) {
  const [latest] = runs.value;
  if (latest === undefined || latest === run) return null;
  return (
    <p class="older-note" role="status">
      <span>
        This is run {run.number}. {describeLatest(latest)}
      </span>
      <button type="button" onClick={() => (shownRun.value = latest)}>
        Show run {latest.number}
      </button>
    </p>
  );
}

function describeLatest({ number, asks }: Run): string {
  if (asks.value.length > 0) return `Run ${number} waits for your answer.`;
  return isRunning.value ? `Run ${number} is going on.` : "";
}
