/**
 * @module
 * Whether files came back of a run. They are shown by a part of the page that is loaded then.
 */
import type { ExecuteAnswer } from "../../../src/client/types.ts";
import type { Run } from "../run/run.ts";
import { lazy } from "../ui/lazy.tsx";

const ArtifactList = lazy(async () => (await import("./artifact-list.tsx")).ArtifactList);

export type AnsweredArtifacts = NonNullable<ExecuteAnswer["artifacts"]>;

export function Artifacts({ run }: { readonly run: Run }) {
  const artifacts = artifactsOf(run);
  return artifacts === undefined ? null : <ArtifactList artifacts={artifacts} />;
}

export const hasArtifacts = (run: Run): boolean => artifactsOf(run) !== undefined;

/** Undefined where there is nothing to tell. */
function artifactsOf({ state: { value } }: Run): AnsweredArtifacts | undefined {
  const artifacts = value.kind === "ended" ? value.execution.result?.artifacts : undefined;
  if (artifacts === undefined) return undefined;
  const { files, skipped, truncated, problem } = artifacts;
  const isEmpty = files.length === 0 && skipped.length === 0 && !truncated;
  return isEmpty && problem === undefined ? undefined : artifacts;
}
