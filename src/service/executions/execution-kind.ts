/**
 * @module
 * What a wire may add to executions that are answered later.
 */
import type { CollectedExecution } from "../collect.ts";
import type { ExecutionInfo, ExecutionResult } from "./execution-info.ts";

export interface ExecutionKind {
  /** Unique; it is kept with each execution: `v1`, `judge0`. */
  readonly name: string;
  /**
   * Runs the program, once or several times, one after the other, and says what is kept.
   * Default: once.
   *
   * @param meta What `Submission.meta` was.
   */
  readonly execute?: (
    runOnce: () => Promise<CollectedExecution>,
    meta: unknown,
  ) => Promise<KindResult>;
  /** What is sent to an execution's callback address. Absent: `callback_url` can't be asked for. */
  readonly callback?: (info: ExecutionInfo, result: ExecutionResult) => CallbackRequest;
}

export interface KindResult {
  readonly collected: CollectedExecution;
  /** Instead of what it was. */
  readonly meta?: unknown;
}

export interface CallbackRequest {
  readonly method: "POST" | "PUT";
  /** JSON. */
  readonly body: string;
}
