/**
 * @module
 * What all calls of the client have in common.
 */
import type { ExecutionState } from "./types.ts";

export interface CallOptions {
  /** Its reason is thrown as it is. */
  readonly signal?: AbortSignal | undefined;
}

export interface ListOptions extends CallOptions {
  readonly state?: ExecutionState | undefined;
  /** At most 100; 20 if absent. */
  readonly limit?: number | undefined;
  /** The `next_cursor` of the page before. */
  readonly cursor?: string | undefined;
  /** Just these, with their results. */
  readonly ids?: readonly string[] | undefined;
}

export type Get = <T>(path: string, options: CallOptions) => Promise<T>;
