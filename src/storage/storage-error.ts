/**
 * @module
 * What SQLite says of its file, as an error of ours.
 */
import Libsql from "libsql";
import { GloveboxError } from "../core/errors.ts";

/** https://sqlite.org/rescode.html: what is about the file or the machine, not about our SQL. */
const reasons: Readonly<Record<string, string>> = {
  SQLITE_BUSY: "another process holds the database; try again",
  SQLITE_LOCKED: "another process holds the database; try again",
  SQLITE_NOMEM: "there is no memory for the database; try again later",
  SQLITE_READONLY:
    "the database can't be written; see who owns its folder, and whether its file system is read-only",
  SQLITE_IOERR:
    "the disk of the database reported an error; see the kernel's log, and whether the disk is full",
  SQLITE_CORRUPT:
    "the database is damaged; stop the server, move its file away, and put a backup in its place",
  SQLITE_NOTADB:
    "the database is damaged; stop the server, move its file away, and put a backup in its place",
  SQLITE_FULL: "the disk of the database is full; make room on it",
  SQLITE_CANTOPEN:
    "the database can't be opened; see whether its folder is there, and the limit of open files",
  SQLITE_PERM: "the database can't be opened; see who owns its folder",
};

export function storageUnavailable(
  reason: string,
  cause?: unknown,
): GloveboxError<"STORAGE_UNAVAILABLE"> {
  return new GloveboxError("STORAGE_UNAVAILABLE", `storage: ${reason}.`, { reason }, { cause });
}

/** `STORAGE_UNAVAILABLE` where the file or the machine is at fault, else the error as it is. */
export function toStorageError(error: unknown): unknown {
  const code = primaryCode(error);
  const reason = code === undefined ? undefined : reasons[code];
  return reason === undefined ? error : storageUnavailable(reason, error);
}

/** Somebody else has the lock that we want, for a while. */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error);
  return code === "SQLITE_BUSY" || code === "SQLITE_LOCKED";
}

export const isFull = (error: unknown): boolean => primaryCode(error) === "SQLITE_FULL";

/** Bytes that are no database, or no longer one. */
export const isNotDatabase = (error: unknown): boolean => primaryCode(error) === "SQLITE_NOTADB";

/** Extended codes have more words: SQLITE_IOERR_WRITE, SQLITE_BUSY_RECOVERY. */
function primaryCode(error: unknown): string | undefined {
  if (!(error instanceof Libsql.SqliteError)) return undefined;
  return error.code.split("_", 2).join("_");
}
