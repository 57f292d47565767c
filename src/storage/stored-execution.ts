/**
 * @module
 * An execution as it is kept, without what it carries.
 */
import type { ErrorCode } from "../core/errors.ts";
import type { SqlRow } from "./sql.ts";

/** `finished`, `failed` and `canceled` are ends: nothing follows them. */
export type StoredState = "queued" | "running" | "finished" | "failed" | "canceled";

/** Times are milliseconds since 1970. */
export interface StoredExecution {
  readonly id: string;
  /** Grows with each that is accepted. */
  readonly seq: number;
  readonly callerId: string;
  /** Whose shape its request had: `v1`, `judge0`. */
  readonly kind: string;
  readonly state: StoredState;
  readonly priority: number;
  readonly language: string | null;
  /** How it waits, for who runs it: JSON. */
  readonly turn: string;
  readonly isInteractive: boolean;
  /** The process that has it, or had it when it ended. */
  readonly owner: string;
  /** How often it was begun. */
  readonly attempts: number;
  /** How often its owner died while it ran. */
  readonly deaths: number;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** What it carries: request, meta, result, error, segments. */
  readonly bytes: number;
  readonly idempotencyKey: string | null;
  readonly requestHash: string | null;
}

/** A failure of ours as it is kept; `details` is JSON. */
export interface StoredError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: unknown;
}

/** What there is of an end; all of it null before. The strings are JSON that only others read. */
export interface StoredResult {
  readonly result: string | null;
  readonly error: StoredError | null;
  readonly segments: Buffer | null;
  /** What the end brought, else what came with the request. */
  readonly meta: string | null;
}

export const executionColumns =
  "id, seq, caller_id, kind, state, priority, language, turn, interactive, owner, attempts, deaths, " +
  "created_at, started_at, finished_at, bytes, idempotency_key, request_hash";

export function toExecution(row: SqlRow): StoredExecution {
  return {
    id: row["id"] as string,
    seq: row["seq"] as number,
    callerId: row["caller_id"] as string,
    kind: row["kind"] as string,
    state: row["state"] as StoredState,
    priority: row["priority"] as number,
    language: row["language"] as string | null,
    turn: row["turn"] as string,
    isInteractive: row["interactive"] === 1,
    owner: row["owner"] as string,
    attempts: row["attempts"] as number,
    deaths: row["deaths"] as number,
    createdAtMs: row["created_at"] as number,
    startedAtMs: row["started_at"] as number | null,
    finishedAtMs: row["finished_at"] as number | null,
    bytes: row["bytes"] as number,
    idempotencyKey: row["idempotency_key"] as string | null,
    requestHash: row["request_hash"] as string | null,
  };
}

export function toResult(row: SqlRow): StoredResult {
  const error = row["error"] as string | null;
  return {
    result: row["result"] as string | null,
    error: error === null ? null : (JSON.parse(error) as StoredError),
    segments: row["segments"] as Buffer | null,
    meta: row["meta"] as string | null,
  };
}
