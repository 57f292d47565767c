/**
 * @module
 * Executions that are kept: what comes in, what becomes of it, who has it.
 */
import type { Database } from "./database.ts";
import type { Sql, SqlRow } from "./sql.ts";
import {
  executionColumns,
  toExecution,
  toResult,
  type StoredError,
  type StoredExecution,
  type StoredResult,
} from "./stored-execution.ts";

export interface NewExecution {
  /** Unique. */
  readonly id: string;
  readonly callerId: string;
  readonly kind: string;
  readonly priority: number;
  readonly language: string | null;
  /** See `StoredExecution.turn`. */
  readonly turn: string;
  readonly isInteractive: boolean;
  /** The process that will run it. */
  readonly owner: string;
  readonly createdAtMs: number;
  readonly request: Uint8Array;
  /** JSON. */
  readonly meta?: string;
  /** Due as soon as the execution ends in whatever way. */
  readonly callbackUrl?: string;
  readonly idempotency?: { readonly key: string; readonly requestHash: string };
}

export interface Inserted {
  readonly execution: StoredExecution;
  /** True where the caller's idempotency key had this one already, and nothing was added. */
  readonly wasThere: boolean;
}

export interface ExecutionEnd {
  readonly state: "finished" | "failed" | "canceled";
  readonly result?: string;
  readonly error?: StoredError;
  readonly segments?: Uint8Array;
  /** In place of what came with the request. */
  readonly meta?: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface TakeOver {
  /** Called inside a transaction: must answer at once. */
  readonly isAlive: (owner: string) => boolean;
  readonly newOwner: string;
  /** What ran when its owner died that often is not begun again. At least 1. */
  readonly maxDeaths: number;
  readonly now: number;
}

export interface TakenOver {
  /** In the order in which they came. */
  readonly queued: readonly StoredExecution[];
  /** Ran, and can't run again. They failed with `EXECUTION_LOST`. */
  readonly lost: readonly StoredExecution[];
}

/** Each change is committed when its promise resolves; all throw as `Database` does. */
export interface ExecutionsStore {
  /** Adds all, in this order, as `queued`, or, if it throws, none. */
  insert(executions: readonly NewExecution[]): Promise<readonly Inserted[]>;
  findByIdempotencyKey(callerId: string, key: string): StoredExecution | undefined;
  /** Those that are there, in the order of `ids`. */
  findMany(ids: readonly string[]): StoredExecution[];
  request(id: string): Buffer | undefined;
  result(id: string): StoredResult | undefined;
  /**
   * Queued to running, one attempt more.
   *
   * @returns False if it is no longer queued, or belongs to another owner.
   */
  claim(id: string, owner: string, now: number): Promise<boolean>;
  /**
   * Running back to queued: this owner ends in order. Not what is interactive: nobody would come back
   * to it.
   */
  putBack(id: string, owner: string): Promise<boolean>;
  /** @returns False if it doesn't run, or another owner runs it: then nothing is changed. */
  finish(id: string, owner: string, end: ExecutionEnd): Promise<boolean>;
  /** Ends what was never begun. @returns False if it is no longer queued. */
  finishQueued(id: string, end: ExecutionEnd): Promise<boolean>;
  /** @returns False if it has not ended, or isn't there. */
  remove(id: string): Promise<boolean>;
  /** What dead owners had: queued for `newOwner`, or failed where it can't be run again. */
  takeOver(options: TakeOver): Promise<TakenOver>;
}

export function createExecutionsStore(database: Database): ExecutionsStore {
  return {
    insert: (executions) =>
      database.write((sql) => executions.map((execution) => insertOne(sql, execution))),
    findByIdempotencyKey: (callerId, key) =>
      database.read(
        (sql) => select(sql, "caller_id = ? AND idempotency_key = ?", callerId, key)[0],
      ),
    findMany: (ids) => {
      const rows = database.read((sql) =>
        select(sql, "id IN (SELECT value FROM json_each(?))", JSON.stringify(ids)),
      );
      const found = new Map(rows.map((execution) => [execution.id, execution]));
      return ids.flatMap((id) => found.get(id) ?? []);
    },
    request: (id) =>
      database.read(
        (sql) =>
          sql.row(
            "SELECT request FROM requests WHERE seq = (SELECT seq FROM executions WHERE id = ?)",
            id,
          )?.["request"] as Buffer | undefined,
      ),
    result: (id) => {
      const row = database.read((sql) => sql.row(resultQuery, id));
      return row && toResult(row);
    },
    claim: (id, owner, now) => database.write((sql) => sql.run(claimChange, now, id, owner)),
    putBack: (id, owner) => database.write((sql) => sql.run(putBackChange, id, owner)),
    finish: (id, owner, end) =>
      database.write((sql) => finishOne(sql, "state = 'running' AND owner = ?", id, end, owner)),
    finishQueued: (id, end) => database.write((sql) => finishOne(sql, "state = 'queued'", id, end)),
    remove: (id) =>
      database.write((sql) =>
        sql.run("DELETE FROM executions WHERE id = ? AND finished_at IS NOT NULL", id),
      ),
    takeOver: (options) => database.write((sql) => takeOver(sql, options)),
  };
}

const resultQuery = `
  SELECT results.result, results.error, results.segments, coalesce(results.meta, requests.meta) AS meta
  FROM executions LEFT JOIN requests USING (seq) LEFT JOIN results USING (seq) WHERE id = ?`;

const claimChange = `
  UPDATE executions SET state = 'running', attempts = attempts + 1, started_at = ?
  WHERE id = ? AND state = 'queued' AND owner = ?`;

const putBackChange = `
  UPDATE executions SET state = 'queued', started_at = NULL
  WHERE id = ? AND state = 'running' AND owner = ? AND NOT interactive`;

function select(sql: Sql, where: string, ...values: string[]): StoredExecution[] {
  return sql
    .rows(`SELECT ${executionColumns} FROM executions WHERE ${where}`, ...values)
    .map(toExecution);
}

/** What it takes in the database before it has ended. */
export function carriedBytes({ request, meta }: NewExecution): number {
  return request.byteLength + textBytes(meta);
}

function insertOne(sql: Sql, execution: NewExecution): Inserted {
  const { id, callerId, kind, priority, language, turn, owner, request, meta, idempotency } =
    execution;
  if (idempotency !== undefined) {
    const where = "caller_id = ? AND idempotency_key = ?";
    const [existing] = select(sql, where, callerId, idempotency.key);
    if (existing !== undefined) return { execution: existing, wasThere: true };
  }
  const row = sql.row(
    `INSERT INTO executions (id, caller_id, kind, state, priority, language, turn, interactive, owner,
       created_at, bytes, idempotency_key, request_hash)
     VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING ${executionColumns}`,
    ...[id, callerId, kind, priority, language, turn, execution.isInteractive ? 1 : 0, owner],
    ...[execution.createdAtMs, carriedBytes(execution)],
    ...[idempotency?.key ?? null, idempotency?.requestHash ?? null],
  ) as SqlRow;
  const inserted = toExecution(row);
  sql.run(
    "INSERT INTO requests (seq, meta, request) VALUES (?, ?, ?)",
    inserted.seq,
    meta ?? null,
    request,
  );
  if (execution.callbackUrl !== undefined) {
    sql.run(
      "INSERT INTO callbacks (execution_id, caller_id, url) VALUES (?, ?, ?)",
      id,
      callerId,
      execution.callbackUrl,
    );
  }
  return { execution: inserted, wasThere: false };
}

/** @param where What else must hold, with the one value that it needs, if any. */
function finishOne(
  sql: Sql,
  where: string,
  id: string,
  { state, result, error, segments, meta, now }: ExecutionEnd,
  ...whereValues: string[]
): boolean {
  const errorJson = error && JSON.stringify(error);
  const bytes =
    textBytes(result) + textBytes(errorJson) + textBytes(meta) + (segments?.byteLength ?? 0);
  const row = sql.row(
    `UPDATE executions SET state = ?, finished_at = ?, bytes = bytes + ?
     WHERE id = ? AND ${where} RETURNING seq`,
    ...[state, now, bytes, id, ...whereValues],
  );
  if (row === undefined) return false;
  sql.run(
    "INSERT INTO results (seq, error, meta, result, segments) VALUES (?, ?, ?, ?, ?)",
    ...[row["seq"] as number, errorJson ?? null, meta ?? null, result ?? null, segments ?? null],
  );
  return true;
}

function takeOver(sql: Sql, { isAlive, newOwner, maxDeaths, now }: TakeOver): TakenOver {
  const owners = sql
    .rows("SELECT DISTINCT owner FROM executions WHERE state IN ('queued', 'running')")
    .map((row) => row["owner"] as string);
  const dead = JSON.stringify(owners.filter((owner) => !isAlive(owner)));
  const ofDead = "owner IN (SELECT value FROM json_each(?))";

  const running = select(sql, `state = 'running' AND ${ofDead} ORDER BY seq`, dead);
  const lost = running.filter((each) => each.isInteractive || each.deaths + 1 >= maxDeaths);
  for (const { id, attempts } of lost) {
    const error = lostError(id, attempts);
    finishOne(sql, "state = 'running'", id, { state: "failed", error, now });
  }
  sql.run(
    `UPDATE executions SET state = 'queued', started_at = NULL, deaths = deaths + 1
     WHERE state = 'running' AND ${ofDead}`,
    dead,
  );
  const queued = select(sql, `state = 'queued' AND ${ofDead} ORDER BY seq`, dead);
  sql.run(`UPDATE executions SET owner = ? WHERE state = 'queued' AND ${ofDead}`, newOwner, dead);
  return {
    queued: queued.map((each) => ({ ...each, owner: newOwner })),
    lost: lost.map(({ id }) => select(sql, "id = ?", id)[0]).filter((each) => each !== undefined),
  };
}

function lostError(executionId: string, attempts: number): StoredError {
  const times = attempts === 1 ? "once" : `${attempts} times`;
  return {
    code: "EXECUTION_LOST",
    message: `the server ended while the execution ran; it was begun ${times} and is not begun again.`,
    details: { executionId, attempts },
  };
}

function textBytes(text: string | undefined): number {
  return text === undefined ? 0 : Buffer.byteLength(text);
}
