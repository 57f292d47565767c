/**
 * @module
 * What an answer of the daemon means.
 */
import { EngineError } from "./engine/errors.ts";

/** Whether the daemon refused a call with this HTTP status. */
export function isStatus<Status extends number>(
  error: unknown,
  status: Status,
): error is EngineError & { readonly status: Status } {
  return error instanceof EngineError && error.status === status;
}
