/**
 * @module
 * What a run was allowed and denied, and by whom.
 */
import type { PermissionReport } from "../../../src/client/ask-types.ts";
import type { Run } from "../run/run.ts";
import { answeredWords, decidedWords, shownWords } from "./ask-words.ts";

export function Decisions({ run }: { readonly run: Run }) {
  const report = reportOf(run);
  const given = report?.shown.map(shownWords) ?? [];
  const decided = report?.decisions.map(decidedWords) ?? run.answered.value.map(answeredWords);
  const rows = [...given, ...decided];
  const omitted = report?.omitted ?? 0;
  if (rows.length === 0) return null;
  const denied = decided.filter(({ isAllowed }) => !isAllowed).length;
  return (
    <details class="decisions">
      <summary>
        Permissions: {decided.length - denied} allowed, {denied} denied
        {given.length > 0 && `; ${given.length} given by rules`}
      </summary>
      <ul>
        {rows.map(({ isAllowed, who, verb, object, end }, index) => (
          <li key={index}>
            <span aria-hidden="true">{isAllowed ? "✓" : "✗"}</span> <bdi class="theirs">{who}</bdi>{" "}
            {verb} <bdi class="theirs">{object}</bdi>: {end}
          </li>
        ))}
        {omitted > 0 && <li>and {omitted} more, which were not kept</li>}
      </ul>
    </details>
  );
}

/** The server's own, once there is one: it has what nobody was asked about, too. */
function reportOf({ state }: Run): PermissionReport | undefined {
  return state.value.kind === "ended" ? state.value.execution.result?.permissions : undefined;
}
