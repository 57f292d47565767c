/**
 * @module
 * What is told of an execution that is answered later.
 */
import type { ErrorCode } from "../../core/errors.ts";
import type { ReportJson } from "../report-json.ts";

/**
 * `finished`: the program ran, and its end is in the report. `failed`: ours, see `error`. `canceled`:
 * by its caller; there is a report if it had begun.
 */
export const executionStates = ["queued", "running", "finished", "failed", "canceled"] as const;
export type ExecutionState = (typeof executionStates)[number];

export const hasEnded = (state: ExecutionState): boolean =>
  state !== "queued" && state !== "running";

export interface ExecutionInfo {
  readonly id: string;
  /** Grows with each execution that is accepted; for the order of lists. */
  readonly seq: number;
  readonly callerId: string;
  /** Whose shape its request had: `v1`, `judge0`. */
  readonly kind: string;
  readonly state: ExecutionState;
  readonly priority: number;
  readonly language: string | null;
  /** Whether its stdin comes while it runs. */
  readonly isInteractive: boolean;
  /** How often it was begun; more than once where a server ended while it ran. */
  readonly attempts: number;
  /** What is kept of it. */
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
}

/** A failure as it is kept. */
export interface KeptError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: unknown;
}

export interface ExecutionResult {
  readonly report?: ReportJson;
  readonly error?: KeptError;
  /** What the kind of the execution keeps with it, as JSON has it. */
  readonly meta?: unknown;
}
