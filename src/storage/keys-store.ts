/**
 * @module
 * Keys of callers. A secret is shown once, to whoever made it; only its hash is kept.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Caller, CallerRules, Scope } from "../core/caller.ts";
import { GloveboxError, invalidRequest } from "../core/errors.ts";
import type { Database } from "./database.ts";
import type { SqlRow } from "./sql.ts";

/** Times are milliseconds since 1970. */
export interface NewKey {
  /** For people. */
  readonly name: string;
  /** At least one. */
  readonly scopes: readonly Scope[];
  readonly rules: CallerRules;
  /** Absent: never. */
  readonly expiresAtMs?: number;
  /** 16 to 256 printable ASCII characters without blanks. Default: a random one. */
  readonly secret?: string;
  readonly now: number;
}

export interface KeyEntry extends Caller {
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  /** Accurate to a minute. */
  readonly lastUsedAtMs: number | null;
}

/** All throw as `Database` does. */
export interface KeysStore {
  /**
   * @throws {GloveboxError} `INVALID_REQUEST` for a secret of another form, `CONFLICT` for one that
   *   another key has or had.
   */
  create(key: NewKey): Promise<{ readonly id: string; readonly secret: string }>;
  /** All, oldest first, also those that no longer open anything. */
  list(): KeyEntry[];
  /** Names of those that are there, by their ids. */
  names(ids: readonly string[]): ReadonlyMap<string, string>;
  /** @returns False if there is no such key. One that is revoked already stays as it is. */
  revoke(id: string, now: number): Promise<boolean>;
  /**
   * Who has this secret. Reads anew at each call: another process may just have revoked the key.
   *
   * @returns Undefined for a secret that is unknown, expired or revoked; which of them isn't told.
   */
  find(secret: string, now: number): Caller | undefined;
}

const LAST_USED_MS = 60_000;
const secretForm = /^[!-~]{16,256}$/;

export function createKeysStore(database: Database): KeysStore {
  const touching = new Set<string>();

  /** Nobody waits for this, and nobody is refused because of it. */
  const touch = (id: string, now: number): void => {
    if (touching.has(id)) return;
    touching.add(id);
    database
      .write((sql) => sql.run("UPDATE keys SET last_used_at = ? WHERE id = ?", now, id))
      .catch(() => undefined)
      .finally(() => touching.delete(id));
  };

  return {
    create: (key) => createKey(database, key),
    list: () =>
      database
        .read((sql) => sql.rows(`SELECT ${keyColumns} FROM keys ORDER BY created_at, id`))
        .map(toEntry),
    names: (ids) => {
      const query = "SELECT id, name FROM keys WHERE id IN (SELECT value FROM json_each(?))";
      const rows = database.read((sql) => sql.rows(query, JSON.stringify(ids)));
      return new Map(rows.map(({ id, name }) => [id as string, name as string]));
    },
    revoke: (id, now) =>
      database.write((sql) =>
        sql.run("UPDATE keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?", now, id),
      ),
    find: (secret, now) => {
      if (!secretForm.test(secret)) return undefined;
      const hash = hashOf(secret);
      const row = database.read((sql) =>
        sql.row(`SELECT hash, ${keyColumns} FROM keys WHERE hash = ?`, hash),
      );
      if (row === undefined || !timingSafeEqual(row["hash"] as Buffer, hash)) return undefined;
      const { expiresAtMs, revokedAtMs, lastUsedAtMs, id, name, scopes, rules } = toEntry(row);
      if (revokedAtMs !== null || (expiresAtMs !== null && expiresAtMs <= now)) return undefined;
      // A clock that was set back must not stop it for good.
      if (Math.abs(now - (lastUsedAtMs ?? 0)) >= LAST_USED_MS) touch(id, now);
      return { id, name, scopes, rules };
    },
  };
}

async function createKey(
  database: Database,
  { name, scopes, rules, expiresAtMs, now, secret = randomSecret() }: NewKey,
): Promise<{ id: string; secret: string }> {
  if (!secretForm.test(secret)) {
    throw invalidRequest("secret", "must be 16 to 256 printable ASCII characters without blanks");
  }
  const id = randomId();
  const hash = hashOf(secret);
  await database.write((sql) => {
    if (sql.row("SELECT 1 FROM keys WHERE hash = ?", hash) !== undefined) throw secretTaken();
    sql.run(
      `INSERT INTO keys (id, name, hash, scopes, rules, created_at, expires_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      ...[id, name, hash, JSON.stringify(scopes), JSON.stringify(rules), now, expiresAtMs ?? null],
    );
  });
  return { id, secret };
}

const keyColumns = "id, name, scopes, rules, created_at, expires_at, revoked_at, last_used_at";

function toEntry(row: SqlRow): KeyEntry {
  return {
    id: row["id"] as string,
    name: row["name"] as string,
    scopes: JSON.parse(row["scopes"] as string) as Scope[],
    rules: JSON.parse(row["rules"] as string) as CallerRules,
    createdAtMs: row["created_at"] as number,
    expiresAtMs: row["expires_at"] as number | null,
    revokedAtMs: row["revoked_at"] as number | null,
    lastUsedAtMs: row["last_used_at"] as number | null,
  };
}

/** Fast on purpose, for each request needs it: 256 random bits can't be guessed from their hash. */
function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

function randomSecret(): string {
  return `gbx_${randomBytes(32).toString("base64url")}`;
}

/** Eight characters of base32, 40 bits: told apart by people, and no secret. */
function randomId(): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  return [...randomBytes(8)].map((byte) => alphabet.charAt(byte % 32)).join("");
}

function secretTaken(): GloveboxError<"CONFLICT"> {
  const reason = "another key has or had this secret";
  return new GloveboxError("CONFLICT", `secret: ${reason}. Choose another one.`, { reason });
}
