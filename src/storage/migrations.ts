/**
 * @module
 * What the database looks like, and how it came to. A row is never changed once it was released; a
 * change of the tables is a new row.
 */

/** In `PRAGMA application_id`: "glov". Tells our file from the database of another program. */
export const APPLICATION_ID = 0x676c6f76;

/**
 * What executions are is apart from what they carry: SQLite writes a row anew as a whole, so a change
 * of state would write a request of ten megabytes once more. Times are milliseconds since 1970.
 */
const executionTables = `
CREATE TABLE executions (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  caller_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'finished', 'failed', 'canceled')),
  priority INTEGER NOT NULL,
  language TEXT,
  turn TEXT NOT NULL DEFAULT '{}',
  interactive INTEGER NOT NULL,
  owner TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  bytes INTEGER NOT NULL,
  idempotency_key TEXT,
  request_hash TEXT
) STRICT;
CREATE INDEX executions_by_caller ON executions (caller_id, seq, kind, state);
CREATE INDEX executions_by_state ON executions (state, seq, language);
CREATE INDEX executions_by_end ON executions (finished_at) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX executions_by_key ON executions (caller_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;

CREATE TABLE requests (
  seq INTEGER PRIMARY KEY REFERENCES executions (seq) ON DELETE CASCADE,
  meta TEXT,
  request BLOB NOT NULL
) STRICT;

CREATE TABLE results (
  seq INTEGER PRIMARY KEY REFERENCES executions (seq) ON DELETE CASCADE,
  error TEXT,
  meta TEXT,
  result TEXT,
  segments BLOB
) STRICT;

CREATE TABLE callbacks (
  execution_id TEXT PRIMARY KEY REFERENCES executions (id) ON DELETE CASCADE,
  url TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER,
  last_error TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX callbacks_by_time ON callbacks (next_at)
  WHERE state = 'waiting' AND next_at IS NOT NULL;

-- In whatever way an execution ends: from then on its callback is due.
CREATE TRIGGER callback_is_due AFTER UPDATE OF finished_at ON executions
WHEN NEW.finished_at IS NOT NULL BEGIN
  UPDATE callbacks SET next_at = NEW.finished_at
  WHERE execution_id = NEW.id AND state = 'waiting' AND next_at IS NULL;
END;

-- What all executions carry. Adding it up would mean to read them all.
CREATE TABLE totals (bytes INTEGER NOT NULL) STRICT;
INSERT INTO totals VALUES (0);
CREATE TRIGGER bytes_come AFTER INSERT ON executions BEGIN
  UPDATE totals SET bytes = bytes + NEW.bytes;
END;
CREATE TRIGGER bytes_change AFTER UPDATE OF bytes ON executions BEGIN
  UPDATE totals SET bytes = bytes + NEW.bytes - OLD.bytes;
END;
CREATE TRIGGER bytes_go AFTER DELETE ON executions BEGIN
  UPDATE totals SET bytes = bytes - OLD.bytes;
END;
`;

const callerTables = `
CREATE TABLE keys (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  scopes TEXT NOT NULL,
  rules TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER
) STRICT;

CREATE TABLE usage_days (
  caller_id TEXT NOT NULL,
  day TEXT NOT NULL,
  executions INTEGER NOT NULL,
  PRIMARY KEY (caller_id, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT;
`;

/**
 * Callbacks go by turns of callers; a death of the server is told from its orderly end; only what has
 * ended is counted, since what waits is bounded elsewhere.
 */
const sharesAndDeaths = `
ALTER TABLE executions ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
UPDATE executions SET deaths = attempts - (state <> 'queued') WHERE finished_at IS NULL AND attempts > 0;

ALTER TABLE callbacks ADD COLUMN caller_id TEXT NOT NULL DEFAULT '';
UPDATE callbacks SET caller_id = (SELECT caller_id FROM executions WHERE id = execution_id);
CREATE INDEX callbacks_by_caller ON callbacks (caller_id, next_at)
  WHERE state = 'waiting' AND next_at IS NOT NULL;

DROP TRIGGER bytes_come;
DROP TRIGGER bytes_change;
DROP TRIGGER bytes_go;
UPDATE totals SET bytes =
  (SELECT coalesce(sum(bytes), 0) FROM executions WHERE finished_at IS NOT NULL);
CREATE TRIGGER bytes_come AFTER UPDATE OF finished_at ON executions
WHEN NEW.finished_at IS NOT NULL BEGIN
  UPDATE totals SET bytes = bytes + NEW.bytes;
END;
CREATE TRIGGER bytes_go AFTER DELETE ON executions
WHEN OLD.finished_at IS NOT NULL BEGIN
  UPDATE totals SET bytes = bytes - OLD.bytes;
END;
`;

/** Programs behind links. The sum of all their sizes is read from the index. */
const shareTable = `
CREATE TABLE shares (
  id TEXT PRIMARY KEY,
  delete_hash BLOB NOT NULL,
  caller_id TEXT NOT NULL,
  title TEXT,
  forked_from TEXT,
  created_at INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  program TEXT NOT NULL
) STRICT;
CREATE INDEX shares_by_opening ON shares (opened_at, bytes);
`;

/** The one at index n makes version n + 1 (`PRAGMA user_version`) of version n. */
export const migrations: readonly string[] = [
  executionTables + callerTables,
  sharesAndDeaths,
  shareTable,
];
