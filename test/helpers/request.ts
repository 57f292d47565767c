/**
 * @module
 * Requests of tests that care for one part of them.
 */
import { defaultLimits } from "../../src/core/limits.ts";
import type { ExecutionRequest, Program } from "../../src/service/request.ts";

/** Nothing is asked for but the program; no control must hold. */
export const requestOf = (
  program: Program,
  parts: Partial<ExecutionRequest> = {},
): ExecutionRequest => ({
  program,
  args: [],
  env: {},
  stdin: "empty",
  limits: defaultLimits,
  onOutputLimit: "truncate",
  network: { mode: "none" },
  enforcement: "best-effort",
  ...parts,
});
