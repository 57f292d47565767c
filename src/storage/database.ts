/**
 * @module
 * The one file in which the server keeps what must outlive it: executions, keys, counts.
 */
import { APPLICATION_ID, migrations } from "./migrations.ts";
import { connect, type Connection, type Sql } from "./sql.ts";
import { invalidState, prepareDatabaseFile } from "./state-folder.ts";
import { isBusy, isNotDatabase, storageUnavailable, toStorageError } from "./storage-error.ts";
import { createWriteQueue } from "./write-queue.ts";

export interface DatabaseOptions {
  /** For `glovebox.db`. Undefined: in memory, gone with the process. */
  readonly folder: string | undefined;
  /** How long a change waits for another process's lock. Default: 5 s. */
  readonly busyTimeoutMs?: number;
}

/**
 * A commit survives the death of the process. If the machine loses its power the last ones may be
 * gone, but the file is whole (https://sqlite.org/pragma.html#pragma_synchronous, NORMAL).
 */
export interface Database {
  /**
   * Asks at once. `query` must only read.
   *
   * @throws {GloveboxError} `STORAGE_UNAVAILABLE`.
   */
  read<T>(query: (sql: Sql) => T): T;
  /**
   * Runs `change` in the order of the calls, in one transaction with others. It must not wait for
   * anything, and may be run again where its transaction had to be undone. If it throws, nothing of
   * it stays, and the others don't notice.
   *
   * @returns What `change` returned, once that is committed.
   * @throws {GloveboxError} `STORAGE_UNAVAILABLE`.
   */
  write<T>(change: (sql: Sql) => T): Promise<T>;
  /** Waits for the changes that were asked for. Idempotent. Afterwards all else throws. */
  close(): Promise<void>;
}

const BUSY_TIMEOUT_MS = 5_000;
const MAX_QUEUED = 20_000;

/** Other processes hold off readers only while they repair what a killed one left: milliseconds. */
const READ_RETRIES = 20;
const RETRY_MS = 5;

/**
 * Opens or makes it, and brings it up to date.
 *
 * @throws {GloveboxError} `INVALID_CONFIG` if the folder or the file can't be used: not ours, others
 *   could write to it, no database, or of a newer version. `STORAGE_UNAVAILABLE` if it is locked, full
 *   or broken.
 */
export function openDatabase({ folder, busyTimeoutMs }: DatabaseOptions): Database {
  const path = folder === undefined ? ":memory:" : prepareDatabaseFile(folder);
  const connection = translate(() =>
    // Nothing else can be done meanwhile, so this wait may hold the event loop.
    retryWhileBusy((busyTimeoutMs ?? BUSY_TIMEOUT_MS) / RETRY_MS, () => open(path)),
  );
  const queue = createWriteQueue({
    connection,
    maxQueued: MAX_QUEUED,
    busyTimeoutMs: busyTimeoutMs ?? BUSY_TIMEOUT_MS,
  });
  let closing: Promise<void> | undefined;

  const checkOpen = (): void => {
    if (closing !== undefined) throw storageUnavailable("the database is closed");
  };
  const close = async (): Promise<void> => {
    await queue.drain();
    try {
      // The file alone is then all that a backup needs.
      connection.sql.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // Whoever opens it next finds the rest in the log.
    }
    connection.close();
  };

  return {
    read: (query) => {
      checkOpen();
      return translate(() => retryWhileBusy(READ_RETRIES, () => query(connection.sql)));
    },
    write: async (change) => {
      checkOpen();
      return queue.add(change);
    },
    close: () => (closing ??= close()),
  };
}

function open(path: string): Connection {
  let connection: Connection;
  try {
    connection = connect(path);
  } catch (error) {
    throw storageUnavailable(`${path} can't be opened: ${(error as Error).message}`, error);
  }
  try {
    prepareConnection(connection, path);
    return connection;
  } catch (error) {
    connection.close();
    if (!isNotDatabase(error)) throw error;
    const message = "it is not a database. Move it away, or name another folder";
    throw invalidState(path, message, error);
  }
}

function prepareConnection(connection: Connection, path: string): void {
  checkOrigin(connection.sql, path);
  // Takes effect only before the first table is made: `prune` gives pages back to the file system.
  connection.sql.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;");
  connection.sql.exec(`
    PRAGMA synchronous = NORMAL;
    PRAGMA foreign_keys = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA journal_size_limit = 16777216;
  `);
  if (pragma(connection.sql, "user_version") === migrations.length) return;
  connection.sql.exec("BEGIN IMMEDIATE");
  try {
    // Another process may have done it while this one waited for the lock.
    checkOrigin(connection.sql, path);
    const done = pragma(connection.sql, "user_version");
    for (const migration of migrations.slice(done)) connection.sql.exec(migration);
    connection.sql.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    connection.sql.exec(`PRAGMA user_version = ${migrations.length}`);
    connection.sql.exec("COMMIT");
  } catch (error) {
    if (connection.isInTransaction()) connection.sql.exec("ROLLBACK");
    throw error;
  }
}

/** Another program's tables must not be mixed with ours, nor newer ones be read as if we knew them. */
function checkOrigin(sql: Sql, path: string): void {
  const isEmpty = sql.row("SELECT 1 FROM sqlite_schema") === undefined;
  if (!isEmpty && pragma(sql, "application_id") !== APPLICATION_ID) {
    throw invalidState(path, "it belongs to another program. Name another folder");
  }
  const version = pragma(sql, "user_version");
  if (version <= migrations.length) return;
  throw invalidState(
    path,
    `it is of version ${version}, and this Glovebox knows ${migrations.length} at most. ` +
      "Use a newer Glovebox, or name another folder",
  );
}

function pragma(sql: Sql, name: "application_id" | "user_version"): number {
  return sql.row(`PRAGMA ${name}`)?.[name] as number;
}

function translate<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toStorageError(error);
  }
}

function retryWhileBusy<T>(retries: number, attempt: () => T): T {
  for (let left = retries; ; left -= 1) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || left <= 0) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
