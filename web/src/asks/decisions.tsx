/**
 * @module
 * What a run was allowed and denied, and by whom.
 */
import type { Run } from "../run/run.ts";
import { answeredWords, decidedWords, type DecisionWords } from "./ask-words.ts";

export function Decisions({ run }: { readonly run: Run }) {
  const rows = rowsOf(run);
  if (rows.length === 0) return null;
  const denied = rows.filter(({ isAllowed }) => !isAllowed).length;
  return (
    <details class="decisions">
      <summary>
        Permissions: {rows.length - denied} allowed, {denied} denied
      </summary>
      <ul>
        {rows.map(({ isAllowed, who, verb, object, end }, index) => (
          <li key={index}>
            <span aria-hidden="true">{isAllowed ? "✓" : "✗"}</span> <bdi class="theirs">{who}</bdi>{" "}
            {verb} <bdi class="theirs">{object}</bdi>: {end}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The server's own report, once there is one: it has what nobody was asked about, too. */
function rowsOf(run: Run): readonly DecisionWords[] {
  const state = run.state.value;
  const report = state.kind === "ended" ? state.execution.result?.permissions : undefined;
  if (report !== undefined) return report.decisions.map(decidedWords);
  return run.answered.value.map(answeredWords);
}
