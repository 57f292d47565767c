/**
 * @module
 * How many executions a caller has had in a day.
 */
import type { Database } from "./database.ts";

export interface UsageIncrease {
  readonly callerId: string;
  /** `2026-01-31`, in UTC. */
  readonly day: string;
  /** May be negative: for what was counted and then not accepted. */
  readonly count: number;
  /** Absent: no bound. */
  readonly max?: number;
}

/** All throw as `Database` does. */
export interface UsageStore {
  /** @returns False if it would be more than `max` then: nothing is counted. */
  add(increase: UsageIncrease): Promise<boolean>;
  find(callerId: string, day: string): number;
}

export function createUsageStore(database: Database): UsageStore {
  return {
    add: ({ callerId, day, count, max = Number.MAX_SAFE_INTEGER }) =>
      database.write((sql) => {
        if (count > max) return false;
        return sql.run(
          `INSERT INTO usage_days (caller_id, day, executions) VALUES (?1, ?2, max(0, ?3))
           ON CONFLICT DO UPDATE SET executions = max(0, executions + ?3)
           WHERE executions + ?3 <= ?4`,
          ...[callerId, day, count, max],
        );
      }),
    find: (callerId, day) => {
      const row = database.read((sql) =>
        sql.row("SELECT executions FROM usage_days WHERE caller_id = ? AND day = ?", callerId, day),
      );
      return (row?.["executions"] as number | undefined) ?? 0;
    },
  };
}
