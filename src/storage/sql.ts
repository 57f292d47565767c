/**
 * @module
 * One connection to SQLite, and the ways around what its binding does wrong.
 */
import Libsql from "libsql";

/** A number must be finite, and a string must hold no NUL: the binding would cut it there. */
export type SqlValue = string | number | null | Uint8Array;

/** By the names of the columns. Integers above 2^53 lose precision; we keep none. */
export type SqlRow = Readonly<Record<string, string | number | null | Buffer>>;

/**
 * Statements by their text; each is prepared once and kept, so texts must be few and constant.
 *
 * @throws {Libsql.SqliteError} Whatever SQLite says; `Database` translates it.
 */
export interface Sql {
  rows(text: string, ...values: readonly SqlValue[]): SqlRow[];
  /** The first row. */
  row(text: string, ...values: readonly SqlValue[]): SqlRow | undefined;
  /** For what answers with no rows, not even empty ones. @returns Whether a row was changed. */
  run(text: string, ...values: readonly SqlValue[]): boolean;
  /** Any number of statements, run to their end and not kept. */
  exec(text: string): void;
}

export interface Connection {
  readonly sql: Sql;
  /** False again where SQLite rolled back by itself, as it does on a full disk. */
  isInTransaction(): boolean;
  close(): void;
}

interface Prepared {
  readonly statement: Libsql.Statement;
  readonly columns: readonly string[];
}

/**
 * A kept statement that was refused by a lock is not reset by the binding, and then no later one
 * commits. So writing happens between a BEGIN IMMEDIATE and a COMMIT of `exec`, which keeps nothing:
 * after BEGIN IMMEDIATE no statement meets a lock. `run` leaves a statement that answers with rows
 * unfinished, which holds up all that follows, too.
 *
 * @throws {Error} Where the file can't be opened; without SQLite's code.
 */
export function connect(path: string): Connection {
  const database = new Libsql(path, { timeout: 0 });
  const kept = new Map<string, Prepared>();

  const use = <T>(text: string, values: readonly SqlValue[], work: (it: Prepared) => T): T => {
    checkValues(values);
    const prepared = kept.get(text) ?? prepare(database, text);
    try {
      const result = work(prepared);
      kept.set(text, prepared);
      return result;
    } catch (error) {
      kept.delete(text);
      throw error;
    }
  };

  return {
    sql: {
      rows: (text, ...values) =>
        use(text, values, ({ statement, columns }) =>
          // An array, always: a lone value that is an object ends the whole process.
          (statement.all(values) as unknown[][]).map((row) => toRow(columns, row)),
        ),
      row: (text, ...values) =>
        use(text, values, ({ statement, columns }) => {
          const row = statement.get(values) as unknown[] | undefined;
          return row && toRow(columns, row);
        }),
      run: (text, ...values) =>
        use(text, values, ({ statement }) => statement.run(values).changes > 0),
      exec: (text) => {
        database.exec(text);
      },
    },
    isInTransaction: () => database.inTransaction,
    close: () => {
      kept.clear();
      database.close();
    },
  };
}

function prepare(database: Libsql.Database, text: string): Prepared {
  const statement = database.prepare(text);
  if (!statement.reader) return { statement, columns: [] };
  // Otherwise rows come with a `_metadata` of the binding, and blobs as ArrayBuffer.
  statement.raw(true);
  return { statement, columns: statement.columns().map(({ name }) => name) };
}

function toRow(columns: readonly string[], values: readonly unknown[]): SqlRow {
  return Object.fromEntries(columns.map((name, index) => [name, values[index]])) as SqlRow;
}

/** The binding cuts strings at a NUL, makes NULL of NaN, and ends the process at a boolean. */
function checkValues(values: readonly unknown[]): void {
  for (const value of values) {
    const isGood =
      value === null ||
      (typeof value === "string" && !value.includes("\0")) ||
      (typeof value === "number" && Number.isFinite(value)) ||
      value instanceof Uint8Array;
    if (!isGood) throw new TypeError(`SQLite can't be given ${describe(value)}`);
  }
}

function describe(value: unknown): string {
  return typeof value === "string" ? "a string with a NUL" : `a ${typeof value}: ${String(value)}`;
}
