/**
 * @module
 * A page of a list of executions, newest first.
 */
import type { ExecutionInfo, ExecutionState } from "../../service/executions/execution-info.ts";
import type { Executions } from "../../service/executions/executions.ts";

const DEFAULT_LISTED = 20;

export interface ListQuery {
  readonly state?: ExecutionState | undefined;
  /** Absent: 20. */
  readonly limit?: number | undefined;
  /** The `next` of the page before. */
  readonly cursor?: number | undefined;
}

/** @param callerId Whose; undefined: all. */
export function listPage(
  executions: Pick<Executions, "list">,
  { state, limit = DEFAULT_LISTED, cursor }: ListQuery,
  callerId?: string,
): { readonly page: readonly ExecutionInfo[]; readonly next: string | null } {
  const listed = executions.list({
    limit: limit + 1,
    ...(callerId === undefined ? {} : { callerId }),
    ...(state === undefined ? {} : { state }),
    ...(cursor === undefined ? {} : { before: cursor }),
  });
  const page = listed.slice(0, limit);
  const last = listed.length > limit ? page.at(-1) : undefined;
  return { page, next: last === undefined ? null : `${last.seq}` };
}
