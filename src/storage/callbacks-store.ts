/**
 * @module
 * Addresses that are told of an execution's end, and how far that came.
 */
import type { Database } from "./database.ts";

export interface DueCallback {
  readonly executionId: string;
  readonly url: string;
  /** How often it was tried in vain. */
  readonly attempts: number;
}

/** All throw as `Database` does. Times are milliseconds since 1970. */
export interface CallbacksStore {
  /** Those for whom something is due, whoever waits longest first. */
  dueCallers(now: number): string[];
  /** Longest due first. One that is being delivered stays due until its end is told here. */
  due(callerId: string, now: number, limit: number): DueCallback[];
  /** When the next one will be due, or was. Undefined: none waits for its time. */
  nextDueAt(): number | undefined;
  delivered(executionId: string): Promise<void>;
  /** @param nextAt When to try again; undefined: never. */
  failedOnce(executionId: string, error: string, nextAt: number | undefined): Promise<void>;
}

const isWaiting = "state = 'waiting' AND next_at IS NOT NULL";

/** From one caller to the next by the index: one of them may have a hundred thousand. */
const dueCallersQuery = `
  WITH RECURSIVE callers (caller_id) AS (
    SELECT min(caller_id) FROM callbacks WHERE ${isWaiting}
    UNION ALL
    SELECT (SELECT min(caller_id) FROM callbacks WHERE ${isWaiting} AND caller_id > callers.caller_id)
    FROM callers WHERE caller_id IS NOT NULL
  ), firsts AS (
    SELECT caller_id, (
      SELECT min(next_at) FROM callbacks WHERE ${isWaiting} AND caller_id = callers.caller_id
    ) AS next_at FROM callers WHERE caller_id IS NOT NULL
  )
  SELECT caller_id FROM firsts WHERE next_at <= ? ORDER BY next_at`;

export function createCallbacksStore(database: Database): CallbacksStore {
  return {
    dueCallers: (now) =>
      database
        .read((sql) => sql.rows(dueCallersQuery, now))
        .map((row) => row["caller_id"] as string),
    due: (callerId, now, limit) =>
      database
        .read((sql) =>
          sql.rows(
            `SELECT execution_id, url, attempts FROM callbacks
             WHERE state = 'waiting' AND caller_id = ? AND next_at <= ?
             ORDER BY next_at LIMIT ?`,
            callerId,
            now,
            limit,
          ),
        )
        .map((row) => ({
          executionId: row["execution_id"] as string,
          url: row["url"] as string,
          attempts: row["attempts"] as number,
        })),
    nextDueAt: () => {
      const row = database.read((sql) =>
        sql.row(
          `SELECT next_at FROM callbacks WHERE state = 'waiting' AND next_at IS NOT NULL
           ORDER BY next_at LIMIT 1`,
        ),
      );
      return row?.["next_at"] as number | undefined;
    },
    delivered: async (executionId) => {
      await database.write((sql) =>
        sql.run(
          `UPDATE callbacks SET state = 'delivered', attempts = attempts + 1, next_at = NULL,
             last_error = NULL
           WHERE execution_id = ?`,
          executionId,
        ),
      );
    },
    failedOnce: async (executionId, error, nextAt) => {
      await database.write((sql) =>
        sql.run(
          `UPDATE callbacks SET state = ?, attempts = attempts + 1, next_at = ?, last_error = ?
           WHERE execution_id = ?`,
          nextAt === undefined ? "failed" : "waiting",
          nextAt ?? null,
          // Another server may have had a part in it.
          error.replaceAll("\0", ""),
          executionId,
        ),
      );
    },
  };
}
