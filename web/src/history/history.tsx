/**
 * @module
 * The runs of this page: to be looked at again, compared, and to have their programs back.
 */
import { runs, shownRun } from "../run/runs.ts";
import { standingOf } from "../run/standing.ts";
import type { Run } from "../run/run.ts";
import { activePath, project } from "../state/project.ts";
import { replaceProject } from "../state/replaced.ts";
import { languages } from "../state/server.ts";
import { notify } from "../ui/notices.tsx";
import { CompareDialog, compareRuns } from "./compare-dialog.tsx";

export function History() {
  const all = runs.value;
  if (all.length === 0) return null;
  return (
    <details class="history">
      <summary>Runs of this page ({all.length})</summary>
      <ol>
        {all.map((run) => (
          <Row key={run.number} run={run} />
        ))}
      </ol>
      <CompareDialog />
    </details>
  );
}

function Row({ run }: { readonly run: Run }) {
  const { kind, text, facts } = standingOf(run);
  const shown = shownRun.value;
  const isShown = shown === run;
  const { language } = run.project;
  const title = languages.value.find(({ id }) => id === language)?.title ?? language;
  const name = `run ${run.number}`;
  return (
    <li class={isShown ? "shown" : ""}>
      <button
        type="button"
        class="quiet which"
        aria-current={isShown}
        onClick={() => (shownRun.value = run)}
      >
        <strong>Run {run.number}</strong>{" "}
        <span>
          {run.startedAt.toLocaleTimeString()} · {title} ·{" "}
          <span class={`ended ${kind}`}>{text}</span>
          {facts[0] !== undefined && ` · ${facts[0]}`}
        </span>
      </button>
      <button
        type="button"
        disabled={isShown}
        aria-label={`Compare ${name} with the run that is shown`}
        title={isShown ? "Choose another run to compare this one with" : ""}
        onClick={() => {
          if (shown !== undefined) compareRuns(shown, run);
        }}
      >
        Compare
      </button>
      <button
        type="button"
        disabled={project.value === run.project}
        aria-label={`Bring back the program of ${name}`}
        onClick={() => restore(run)}
      >
        Bring back
      </button>
    </li>
  );
}

function restore(run: Run): void {
  const path = activePath.peek();
  const isThere = run.project.files.some((file) => file.path === path);
  const isInList = runs.peek().some((other) => other.project === project.peek());
  replaceProject(run.project, isThere ? path : undefined, isInList);
  notify(`The program of run ${run.number} is back.`);
}
