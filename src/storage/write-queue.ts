/**
 * @module
 * Changes of the database: what is asked for in one turn of the event loop is one transaction, and a
 * lock of another process is waited for without holding the event loop.
 */
import type { Connection, Sql } from "./sql.ts";
import { isBusy, isFull, storageUnavailable, toStorageError } from "./storage-error.ts";

export interface WriteQueueOptions {
  readonly connection: Connection;
  /** Changes that may wait, at least 1. */
  readonly maxQueued: number;
  /** How long a change may wait for the lock of another process. */
  readonly busyTimeoutMs: number;
}

export interface WriteQueue {
  /** As `Database.write`. */
  add<T>(change: (sql: Sql) => T): Promise<T>;
  /** Resolves when all that were added before have ended, well or not. */
  drain(): Promise<void>;
}

interface Pending {
  /** Of `performance.now()`, which doesn't jump. */
  readonly deadlineMs: number;
  readonly change: (sql: Sql) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** After this long a transaction takes no more changes: the event loop has other work. */
const TRANSACTION_MS = 15;
const RETRY_MIN_MS = 5;
const RETRY_MAX_MS = 50;

export function createWriteQueue(options: WriteQueueOptions): WriteQueue {
  const { connection, maxQueued, busyTimeoutMs } = options;
  const queue: Pending[] = [];
  let isScheduled = false;
  /** So many of the first each get a transaction of their own: together they filled the disk. */
  let alone = 0;

  const schedule = (delayMs: number): void => {
    if (isScheduled || queue.length === 0) return;
    isScheduled = true;
    if (delayMs === 0) setImmediate(flush);
    else setTimeout(flush, delayMs);
  };

  const takeFirst = (count: number): Pending[] => {
    alone = Math.max(0, alone - count);
    return queue.splice(0, count);
  };

  const flush = (): void => {
    isScheduled = false;
    let delayMs = 0;
    try {
      const ends = commitFirst(connection, queue, alone > 0 ? 1 : queue.length);
      takeFirst(ends.length);
      for (const tell of ends) tell();
    } catch (error) {
      if (isBusy(error)) delayMs = RETRY_MIN_MS + Math.random() * (RETRY_MAX_MS - RETRY_MIN_MS);
      // What is small may have room where its large neighbour had none.
      const isWorthSplitting = isFull(error) && alone === 0 && queue.length > 1;
      const given = isWorthSplitting ? [] : takeFirst(hopeless(queue, error));
      if (isWorthSplitting) alone = queue.length;
      for (const { reject } of given) reject(toStorageError(error));
    }
    schedule(delayMs);
  };

  const add = <T>(change: (sql: Sql) => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const deadlineMs = performance.now() + busyTimeoutMs;
      queue.push({ deadlineMs, change, resolve: resolve as (value: unknown) => void, reject });
      schedule(0);
    });

  return {
    add: async (change) => {
      if (queue.length < maxQueued) return add(change);
      throw storageUnavailable(
        `${maxQueued} changes wait for the database already; try again later`,
      );
    },
    drain: async () => {
      if (queue.length === 0) return;
      // The order is kept, so the last one to end is the last one that was added.
      await add(() => undefined).catch(() => undefined);
    },
  };
}

/** How many of the first need not be tried again after `error`. They are in the order of their deadlines. */
function hopeless(queue: readonly Pending[], error: unknown): number {
  if (isFull(error)) return 1;
  if (!isBusy(error)) return queue.length;
  const now = performance.now();
  const inTime = queue.findIndex(({ deadlineMs }) => deadlineMs > now);
  return inTime === -1 ? queue.length : inTime;
}

/**
 * Runs the first of `pending` in one transaction, as many as fit into its time.
 *
 * @returns For each that was run what tells its end to whoever asked.
 * @throws What kept the transaction from being committed: none of them took effect.
 */
function commitFirst(
  connection: Connection,
  pending: readonly Pending[],
  most: number,
): (() => void)[] {
  connection.sql.exec("BEGIN IMMEDIATE");
  try {
    const until = performance.now() + TRANSACTION_MS;
    const ends: (() => void)[] = [];
    for (const each of pending) {
      ends.push(runOne(connection, each));
      if (ends.length >= most || performance.now() >= until) break;
    }
    connection.sql.exec("COMMIT");
    return ends;
  } catch (error) {
    if (connection.isInTransaction()) connection.sql.exec("ROLLBACK");
    throw error;
  }
}

/** @throws What ended the whole transaction. */
function runOne(connection: Connection, { change, resolve, reject }: Pending): () => void {
  connection.sql.exec("SAVEPOINT change");
  try {
    const value = change(connection.sql);
    connection.sql.exec("RELEASE change");
    return () => {
      resolve(value);
    };
  } catch (error) {
    if (!connection.isInTransaction()) throw error;
    connection.sql.exec("ROLLBACK TO change; RELEASE change");
    return () => {
      reject(toStorageError(error));
    };
  }
}
