/**
 * @module
 * How long executions are kept, and how large the database may grow.
 */
import type { Database } from "./database.ts";
import type { Sql } from "./sql.ts";

export interface PruneOptions {
  /** Executions that ended longer ago go. */
  readonly maxAgeMs: number;
  /** Of all that executions which ended carry; those that ended first go until it fits. */
  readonly maxBytes: number;
  readonly now: number;
  /** Executions in this call, at least 1. */
  readonly limit: number;
}

export interface Pruned {
  readonly deleted: number;
  /** True if another call would find work. */
  readonly hasMore: boolean;
}

/** One call holds the event loop for little longer than this, but deletes one at least. */
const STEP_MS = 8;

/** Pages (4 KiB) that stay free for what comes next; above that the file shrinks. */
const FREE_PAGES = 2_000;
/** Each costs a copy; this many take 5 ms. */
const VACUUM_PAGES = 200;

/** Where nobody has been told of a quota for this long, its count is of no use. */
const USAGE_DAYS = 32;
const DAY_MS = 86_400_000;

/**
 * Deletes a few executions that ended: for want of room those that ended first; else those that are too
 * old, unless their callback still waits to be delivered.
 *
 * @throws {GloveboxError} `STORAGE_UNAVAILABLE`.
 */
export function prune(database: Database, options: PruneOptions): Promise<Pruned> {
  return database.write((sql) => {
    const { deleted, isDone } = deleteSome(sql, options);
    const oldDay = new Date(options.now - USAGE_DAYS * DAY_MS).toISOString().slice(0, 10);
    sql.run("DELETE FROM usage_days WHERE day < ?", oldDay);
    return { deleted, hasMore: !isDone || shrink(sql) };
  });
}

/** For want of room also those whose callback still waits: they are no longer bounded by anything else. */
const oldestEnded = `
  SELECT seq, bytes FROM executions WHERE finished_at IS NOT NULL ORDER BY finished_at LIMIT ?`;
const endedBefore = `
  SELECT seq, bytes FROM executions
  WHERE finished_at < ? AND NOT EXISTS (
    SELECT 1 FROM callbacks WHERE execution_id = executions.id AND state = 'waiting')
  ORDER BY finished_at LIMIT ?`;

function deleteSome(
  sql: Sql,
  { maxAgeMs, maxBytes, now, limit }: PruneOptions,
): { deleted: number; isDone: boolean } {
  let excess = (sql.row("SELECT bytes FROM totals")?.["bytes"] as number) - maxBytes;
  const until = performance.now() + STEP_MS;
  const candidates =
    excess > 0 ? sql.rows(oldestEnded, limit) : sql.rows(endedBefore, now - maxAgeMs, limit);
  const isForRoom = excess > 0;
  let deleted = 0;
  for (const row of candidates) {
    if (deleted > 0 && performance.now() >= until) return { deleted, isDone: false };
    if (isForRoom && excess <= 0) return { deleted, isDone: false };
    sql.run("DELETE FROM executions WHERE seq = ?", row["seq"] as number);
    excess -= row["bytes"] as number;
    deleted += 1;
  }
  // Once there is room, what is too old has its turn.
  return { deleted, isDone: candidates.length < (isForRoom ? 1 : limit) };
}

/** Gives a few free pages back to the file system. @returns Whether there are more to give back. */
function shrink(sql: Sql): boolean {
  const free = (sql.row("PRAGMA freelist_count")?.["freelist_count"] as number) - FREE_PAGES;
  if (free <= 0) return false;
  sql.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
  return free > VACUUM_PAGES;
}
