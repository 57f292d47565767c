/**
 * @module
 * Programs behind links. Whoever has a link has the program; only a hash is kept of the key that
 * removes it.
 */
import { createHash, randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import type { Database } from "./database.ts";
import type { SqlRow } from "./sql.ts";

/** Times are milliseconds since 1970. */
export interface NewShare {
  /** JSON; what it means is for who made it. */
  readonly program: string;
  readonly title: string | null;
  /** Id of the share that it was made of; whether there is one is not looked at. */
  readonly forkedFrom: string | null;
  readonly callerId: string;
  readonly now: number;
  /** Of all shares together. */
  readonly maxTotalBytes: number;
}

export interface SharedProgram {
  readonly id: string;
  readonly program: string;
  readonly title: string | null;
  readonly forkedFrom: string | null;
  readonly createdAtMs: number;
  /** Accurate to an hour. */
  readonly openedAtMs: number;
}

/** Who would like to remove one. */
export interface Remover {
  readonly deleteKey?: string | undefined;
  /** Whose own shares may go without a key; undefined: nobody's. */
  readonly callerId?: string | undefined;
  /** Whether all of them may. */
  readonly isAdmin: boolean;
}

/** All throw as `Database` does. */
export interface SharesStore {
  /** @returns Undefined where there is no room for it. */
  create(share: NewShare): Promise<{ readonly id: string; readonly deleteKey: string } | undefined>;
  /** Keeps it from getting old. */
  open(id: string, now: number): SharedProgram | undefined;
  remove(id: string, remover: Remover): Promise<"removed" | "not-found" | "not-allowed">;
}

/** Of those that nobody opened since, in one call. */
const MAX_FORGOTTEN = 200;

/** @returns Whether another call would find more. */
export async function forgetShares(database: Database, openedBefore: number): Promise<boolean> {
  return database.write((sql) => {
    const oldest = "SELECT id FROM shares WHERE opened_at < ? ORDER BY opened_at LIMIT ?";
    const rows = sql.rows(oldest, openedBefore, MAX_FORGOTTEN);
    for (const row of rows) sql.run("DELETE FROM shares WHERE id = ?", row["id"] as string);
    return rows.length === MAX_FORGOTTEN;
  });
}

const TOUCH_MS = 3_600_000;
/** Bitcoin's base58: no `0`, `O`, `I`, `l`. Twelve of them are 70 bits, which nobody guesses. */
const ID_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const ID_CHARS = 12;
const idForm = /^[1-9A-HJ-NP-Za-km-z]{12}$/;
const DELETE_KEY_BYTES = 24;

export function createSharesStore(database: Database): SharesStore {
  return {
    create: (share) => create(database, share),
    open: (id, now) => {
      if (!idForm.test(id)) return undefined;
      const row = database.read((sql) => sql.row(`SELECT ${columns} FROM shares WHERE id = ?`, id));
      if (row === undefined) return undefined;
      const share = toShare(row);
      // A clock that was set back must not let it grow old. Nobody waits for this.
      if (Math.abs(now - share.openedAtMs) >= TOUCH_MS) {
        database
          .write((sql) => sql.run("UPDATE shares SET opened_at = ? WHERE id = ?", now, id))
          .catch(() => undefined);
      }
      return share;
    },
    remove: (id, remover) =>
      database.write((sql) => {
        const query = "SELECT caller_id, delete_hash FROM shares WHERE id = ?";
        const row = idForm.test(id) ? sql.row(query, id) : undefined;
        if (row === undefined) return "not-found";
        if (!mayRemove(row, remover)) return "not-allowed";
        sql.run("DELETE FROM shares WHERE id = ?", id);
        return "removed";
      }),
  };
}

const columns = "id, program, title, forked_from, created_at, opened_at";

async function create(
  database: Database,
  { program, title, forkedFrom, callerId, now, maxTotalBytes }: NewShare,
): Promise<{ id: string; deleteKey: string } | undefined> {
  const id = randomId();
  const deleteKey = randomBytes(DELETE_KEY_BYTES).toString("base64url");
  const bytes = Buffer.byteLength(program);
  const isKept = await database.write((sql) => {
    const total = sql.row("SELECT coalesce(sum(bytes), 0) AS total FROM shares")?.["total"];
    if ((total as number) + bytes > maxTotalBytes) return false;
    sql.run(
      `INSERT INTO shares
       (id, delete_hash, caller_id, title, forked_from, created_at, opened_at, bytes, program)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[id, hashOf(deleteKey), callerId, title, forkedFrom, now, now, bytes, program],
    );
    return true;
  });
  return isKept ? { id, deleteKey } : undefined;
}

function mayRemove(row: SqlRow, { deleteKey, callerId, isAdmin }: Remover): boolean {
  if (isAdmin || (callerId !== undefined && row["caller_id"] === callerId)) return true;
  return (
    deleteKey !== undefined && timingSafeEqual(row["delete_hash"] as Buffer, hashOf(deleteKey))
  );
}

/** Fast is enough: 192 random bits can't be guessed from their hash. */
const hashOf = (secret: string): Buffer => createHash("sha256").update(secret).digest();

function randomId(): string {
  const characters = Array.from({ length: ID_CHARS }, () =>
    ID_ALPHABET.charAt(randomInt(ID_ALPHABET.length)),
  );
  return characters.join("");
}

function toShare(row: SqlRow): SharedProgram {
  return {
    id: row["id"] as string,
    program: row["program"] as string,
    title: row["title"] as string | null,
    forkedFrom: row["forked_from"] as string | null,
    createdAtMs: row["created_at"] as number,
    openedAtMs: row["opened_at"] as number,
  };
}
