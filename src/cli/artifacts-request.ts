/**
 * @module
 * Which files of the workspace come back.
 */
import { invalidRequest } from "../core/errors.ts";
import type { ExecutionRequest, Program } from "../service/request.ts";
import { artifactBounds } from "./artifact-bounds.ts";
import type { RunOptions } from "./run-options.ts";

/**
 * A folder of the caller has them already, or gets none.
 *
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function artifactsOf(
  { workspace }: Program,
  { artifacts: paths, out }: RunOptions,
): Pick<ExecutionRequest, "artifacts"> {
  if (paths === undefined) return {};
  if (workspace === undefined) return { artifacts: { paths, ...artifactBounds } };
  if (out === undefined) return {};
  const { hostPath, access } = workspace;
  throw invalidRequest(
    "--out",
    access === "ro"
      ? `nothing can be written to the workspace: it is your folder \`${hostPath}\`, read-only. Write \`--workspace DIR:rw\` instead of --out, or give the program as FILE.`
      : access === "copy"
        ? `can't be used together with a copy of \`${hostPath}\`: its changes are shown at the end.`
        : `can't be used where the workspace is a folder of yours, \`${hostPath}\`: what the program writes there is there already.`,
  );
}
