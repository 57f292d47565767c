/**
 * @module
 * Many executions at once: lists, pages, counts.
 */
import type { Database } from "./database.ts";
import type { SqlValue } from "./sql.ts";
import {
  executionColumns,
  toExecution,
  type StoredExecution,
  type StoredState,
} from "./stored-execution.ts";

/** What is absent matches all. */
export interface ExecutionFilter {
  readonly callerId?: string;
  readonly kind?: string;
  readonly state?: StoredState;
}

/** Newest first. All throw as `Database.read` does. */
export interface ExecutionLists {
  /** @param range `before`: only those with a lower `seq`. */
  list(filter: ExecutionFilter, range: { limit: number; before?: number }): StoredExecution[];
  /** Takes longer the higher `offset` is. */
  page(filter: ExecutionFilter, range: { limit: number; offset: number }): StoredExecution[];
  count(filter: ExecutionFilter): number;
}

export function createExecutionLists(database: Database): ExecutionLists {
  const select = (
    filter: ExecutionFilter,
    { limit, offset = 0, before }: { limit: number; offset?: number; before?: number },
  ): StoredExecution[] => {
    const { where, values } = conditions(filter);
    if (before !== undefined) {
      where.push("seq < ?");
      values.push(before);
    }
    const query =
      `SELECT ${executionColumns} FROM executions WHERE ${where.join(" AND ")} ` +
      "ORDER BY seq DESC LIMIT ? OFFSET ?";
    return database.read((sql) => sql.rows(query, ...values, limit, offset)).map(toExecution);
  };

  return {
    list: select,
    page: select,
    count: (filter) => {
      const { where, values } = conditions(filter);
      const query = `SELECT count(*) AS count FROM executions WHERE ${where.join(" AND ")}`;
      return database.read((sql) => sql.row(query, ...values))?.["count"] as number;
    },
  };
}

/** A `+` keeps SQLite from choosing an index by that column. */
function conditions({ callerId, kind, state }: ExecutionFilter): {
  where: string[];
  values: SqlValue[];
} {
  const where = ["TRUE"];
  const values: SqlValue[] = [];
  // There are few of them, whoever's they are; of the others a caller's own are the smaller part.
  const isFewByState = state === "queued" || state === "running";
  if (state !== undefined) {
    where.push(isFewByState || callerId === undefined ? "state = ?" : "+state = ?");
    values.push(state);
  }
  if (callerId !== undefined) {
    where.push(isFewByState ? "+caller_id = ?" : "caller_id = ?");
    values.push(callerId);
  }
  if (kind !== undefined) {
    where.push("kind = ?");
    values.push(kind);
  }
  return { where, values };
}
