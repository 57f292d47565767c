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
  /** Longest due first. One that is being delivered stays due until its end is told here. */
  due(now: number, limit: number): DueCallback[];
  /** When the next one will be due, or was. Undefined: none waits for its time. */
  nextDueAt(): number | undefined;
  delivered(executionId: string): Promise<void>;
  /** @param nextAt When to try again; undefined: never. */
  failedOnce(executionId: string, error: string, nextAt: number | undefined): Promise<void>;
}

export function createCallbacksStore(database: Database): CallbacksStore {
  return {
    due: (now, limit) =>
      database
        .read((sql) =>
          sql.rows(
            `SELECT execution_id, url, attempts FROM callbacks
             WHERE state = 'waiting' AND next_at IS NOT NULL AND next_at <= ?
             ORDER BY next_at LIMIT ?`,
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
