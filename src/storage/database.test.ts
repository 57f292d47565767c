import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import Libsql from "libsql";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createCallbacksStore } from "./callbacks-store.ts";
import { openDatabase, type Database } from "./database.ts";
import { createExecutionsStore } from "./executions-store.ts";
import { migrations } from "./migrations.ts";
import { connect } from "./sql.ts";
import { toStorageError } from "./storage-error.ts";
import { createWriteQueue } from "./write-queue.ts";

let parent: string;
let folder: string;
let file: string;
let opened: Database[];
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "glovebox-storage-test-"));
  folder = join(parent, "deep/state");
  file = join(folder, "glovebox.db");
  opened = [];
});
afterEach(async () => {
  for (const database of opened) await database.close();
  rmSync(parent, { recursive: true });
});

const open = (busyTimeoutMs = 5_000): Database => {
  const database = openDatabase({ folder, busyTimeoutMs });
  opened.push(database);
  return database;
};
/** What another process would have: a connection that knows nothing of ours. */
const other = (): Libsql.Database => new Libsql(file);
const put = (database: Database, name: string, bytes = 1): Promise<boolean> =>
  database.write((sql) =>
    sql.run("INSERT INTO settings (name, value) VALUES (?, ?)", name, Buffer.alloc(bytes)),
  );
const names = (database: Database): unknown[] =>
  database
    .read((sql) => sql.rows("SELECT name FROM settings ORDER BY name"))
    .map((row) => row["name"]);
const unavailable = (reason: RegExp): unknown =>
  expect.objectContaining({
    code: "STORAGE_UNAVAILABLE",
    details: { reason: expect.stringMatching(reason) as string },
  });

describe("opening", () => {
  test("makes what only its user can read", () => {
    open();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of ["", "-wal", "-shm"]) {
      expect(statSync(file + name).mode & 0o777, name).toBe(0o600);
    }
  });

  test("keeps what was there, whoever opened it first", async () => {
    const first = open();
    await put(first, "a");
    const second = open();
    await put(second, "b");
    expect(names(first)).toEqual(["a", "b"]);
    expect(first.read((sql) => sql.row("PRAGMA auto_vacuum"))).toEqual({ auto_vacuum: 2 });
    expect(second.read((sql) => sql.row("PRAGMA journal_mode"))).toEqual({ journal_mode: "wal" });
  });

  test("is possible without a file", async () => {
    const database = openDatabase({ folder: undefined });
    await put(database, "a");
    expect(names(database)).toEqual(["a"]);
    await database.close();
  });

  const make = (mode: number): void => {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, mode);
  };
  const makeFile = (content: string, mode = 0o600): void => {
    make(0o700);
    writeFileSync(file, content);
    chmodSync(file, mode);
  };
  const makeDatabase = (text: string): void => {
    makeFile("");
    const database = other();
    database.exec(text);
    database.close();
  };
  test("takes over a database of the first version", async () => {
    const execution = (id: string, state: string, attempts: number, end: number | null): string =>
      `INSERT INTO executions (id, caller_id, kind, state, priority, turn, interactive, owner,
         attempts, created_at, finished_at, bytes)
       VALUES ('${id}', 'ada', 'v1', '${state}', 0, '{}', 0, 'dead', ${attempts}, 1, ${end}, 10);
       INSERT INTO requests (seq, request) VALUES (last_insert_rowid(), x'00');
       INSERT INTO callbacks (execution_id, url, next_at) VALUES ('${id}', 'http://x', ${end});`;
    makeDatabase(
      `PRAGMA application_id = 0x676c6f76; PRAGMA user_version = 1; ${migrations[0] ?? ""}
       ${execution("ended", "finished", 1, 5)} ${execution("ran", "running", 3, null)}
       ${execution("ran-once", "running", 1, null)} ${execution("waits", "queued", 0, null)}`,
    );
    const database = open();
    expect(createCallbacksStore(database).dueCallers(9)).toEqual(["ada"]);
    const store = createExecutionsStore(database);
    const options = { isAlive: () => false, newOwner: "heir", maxDeaths: 3, now: 9 };
    const { queued, lost } = await store.takeOver(options);
    expect(queued.map(({ id, deaths }) => [id, deaths])).toEqual([
      ["ran-once", 1],
      ["waits", 0],
    ]);
    expect(lost.map(({ id }) => id)).toEqual(["ran"]);
    const total = database.read((sql) => sql.row("SELECT bytes FROM totals"))?.["bytes"];
    expect(total).toBe(store.findMany(["ended", "ran"]).reduce((sum, { bytes }) => sum + bytes, 0));
  });

  test.each<[string, () => void, RegExp]>([
    ["a folder of all", () => make(0o777), /others can write to it. Run `chmod 700/],
    ["a file of all", () => makeFile("", 0o666), /others can write to it. Run `chmod 600/],
    [
      "a link in the folder's place",
      () => {
        mkdirSync(join(parent, "deep"));
        symlinkSync("/tmp", folder);
      },
      /not a folder/,
    ],
    [
      "a link in the file's place",
      () => {
        make(0o700);
        symlinkSync("/etc/passwd", file);
      },
      /not a file/,
    ],
    ["a file in the folder's way", () => writeFileSync(join(parent, "deep"), ""), /ENOTDIR|EEXIST/],
    ["a text", () => makeFile("some text of another program".repeat(50)), /Move it away/],
    ["a database of another program", () => makeDatabase("CREATE TABLE t (a)"), /another program/],
    [
      "a database of a newer Glovebox",
      () =>
        makeDatabase(
          "PRAGMA application_id = 0x676c6f76; PRAGMA user_version = 99; CREATE TABLE t (a)",
        ),
      new RegExp(`version 99, and this Glovebox knows ${migrations.length} at most`),
    ],
  ])("refuses %s", (_, prepare, message) => {
    prepare();
    expect(() => open()).toThrow(
      expect.objectContaining({
        code: "INVALID_CONFIG",
        message: expect.stringMatching(message) as string,
      }),
    );
  });

  test.runIf(process.getuid?.() === 0).each(["deep/state", "deep/state/glovebox.db"])(
    "refuses %s of another user",
    (path) => {
      makeFile("");
      chownSync(join(parent, path), 54_321, 0);
      expect(() => open()).toThrow(/belongs to user 54321.*`chown 0 .*`/);
    },
  );

  test("brings an empty file up to date", async () => {
    makeFile("");
    await put(open(), "a");
  });

  test("gives up on a lock that stays", () => {
    makeFile("");
    const holder = other();
    holder.exec("BEGIN IMMEDIATE");
    expect(() => open(50)).toThrow(unavailable(/another process/));
    holder.exec("COMMIT");
    open();
  });
});

describe("changes", () => {
  test("of one turn are committed together, and seen by nobody before", async () => {
    const database = open();
    const outside = other().prepare("SELECT count(*) AS count FROM settings");
    const seen: unknown[] = [];
    const look = (): void => void seen.push((outside.get([]) as { count: number }).count);
    await Promise.all([
      put(database, "a"),
      database.write(look),
      put(database, "b"),
      database.write(look),
    ]);
    look();
    expect(seen).toEqual([0, 0, 2]);
  });

  test("that throw undo themselves alone", async () => {
    const database = open();
    const results = await Promise.allSettled([
      put(database, "a"),
      database.write((sql) => {
        sql.run("DELETE FROM settings");
        throw new RangeError("mine");
      }),
      put(database, "a"),
      put(database, "b"),
    ]);
    expect(results).toEqual([
      { status: "fulfilled", value: true },
      { status: "rejected", reason: new RangeError("mine") },
      {
        status: "rejected",
        reason: expect.objectContaining({ code: "SQLITE_CONSTRAINT_PRIMARYKEY" }) as Error,
      },
      { status: "fulfilled", value: true },
    ]);
    expect(names(database)).toEqual(["a", "b"]);
  });

  test("wait for another's lock while all else goes on", async () => {
    const database = open();
    const holder = other();
    holder.exec("BEGIN IMMEDIATE");
    let isDone = false;
    const putting = Promise.all([put(database, "a"), put(database, "b")]).then(() => {
      isDone = true;
    });
    for (let turn = 0; turn < 20; turn += 1) {
      await new Promise(setImmediate);
      expect(names(database)).toEqual([]);
    }
    expect(isDone).toBe(false);
    holder.exec("COMMIT");
    await putting;
    expect(names(database)).toEqual(["a", "b"]);
  });

  test("are refused when the lock stays, and taken again when it is gone", async () => {
    const database = open(60);
    const holder = other();
    holder.exec("BEGIN IMMEDIATE");
    const results = await Promise.allSettled([put(database, "a"), put(database, "b")]);
    for (const result of results) {
      expect(result).toEqual({ status: "rejected", reason: unavailable(/another process/) });
    }
    holder.exec("COMMIT");
    await put(database, "c");
    expect(names(database)).toEqual(["c"]);
  });

  test("that find no room don't take that of others", async () => {
    const database = open();
    const pages = database.read((sql) => sql.row("PRAGMA page_count"))?.["page_count"] as number;
    const allow = (most: number) =>
      database.read((sql) => sql.row(`PRAGMA max_page_count = ${most}`));
    allow(pages + 5);
    const results = await Promise.allSettled([
      put(database, "a"),
      put(database, "b", 1_000_000),
      put(database, "c"),
    ]);
    expect(results).toEqual([
      { status: "fulfilled", value: true },
      { status: "rejected", reason: unavailable(/disk .* is full/) },
      { status: "fulfilled", value: true },
    ]);
    expect(names(database)).toEqual(["a", "c"]);
    allow(100_000);
    await put(database, "b", 1_000_000);
    expect(names(database)).toEqual(["a", "b", "c"]);
  });

  test("are bounded in their number", async () => {
    const connection = connect(":memory:");
    const queue = createWriteQueue({ connection, maxQueued: 2, busyTimeoutMs: 100 });
    const results = await Promise.allSettled([1, 2, 3].map((n) => queue.add(() => n)));
    expect(results.slice(0, 2).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
    expect(results[2]).toEqual({ status: "rejected", reason: unavailable(/2 changes wait/) });
    expect(await queue.add(() => 4)).toBe(4);
  });

  test("come to an end before the database closes", async () => {
    const database = open();
    const putting = [put(database, "a"), put(database, "b")];
    const closing = database.close();
    expect(await Promise.all(putting)).toEqual([true, true]);
    await Promise.all([closing, database.close()]);
    expect(() => names(database)).toThrow(unavailable(/closed/));
    await expect(put(database, "c")).rejects.toEqual(unavailable(/closed/));
    // All of it is in the file, should only that be copied.
    expect(statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
    expect(names(open())).toEqual(["a", "b"]);
  });
});

test.each([["a\0b"], [Number.NaN], [true], [undefined], [{}]])(
  "%j is refused before the binding changes it or dies of it",
  (value) => {
    const { sql } = connect(":memory:");
    expect(() => sql.row("SELECT ?", value as string)).toThrow(TypeError);
    expect(sql.row("SELECT ? AS it", "ä\n🙂")).toEqual({ it: "ä\n🙂" });
    expect(sql.row("SELECT ? AS it", Buffer.from([0, 255]))).toEqual({ it: Buffer.from([0, 255]) });
    expect(sql.rows("SELECT ? AS it", null)).toEqual([{ it: null }]);
  },
);

test("a damaged file is told as such", async () => {
  const first = open();
  await Promise.all(Array.from({ length: 50 }, (_, n) => put(first, `name ${n}`, 3_000)));
  await first.close();
  truncateSync(file, 20_000);
  expect(() => names(open())).toThrow(unavailable(/damaged/));
});

test.each([
  ["SQLITE_BUSY_RECOVERY", /another process/],
  ["SQLITE_IOERR_WRITE", /disk/],
  ["SQLITE_READONLY_DBMOVED", /can't be written/],
  ["SQLITE_CORRUPT_VTAB", /damaged/],
  ["SQLITE_CANTOPEN", /can't be opened/],
])("%s is a fault of the storage", (code, reason) => {
  expect(toStorageError(new Libsql.SqliteError("said", code))).toEqual(unavailable(reason));
});

test("a fault of our SQL is none of the storage", () => {
  const error = new Libsql.SqliteError("no such table: t", "SQLITE_ERROR");
  expect(toStorageError(error)).toBe(error);
});

describe("with processes of their own", () => {
  let programs: string;
  let program: string;
  /** Accepts and begins executions until it is killed, and says so only afterwards. */
  const source = `
    import { openDatabase } from "./database.ts";
    import { createExecutionsStore } from "./executions-store.ts";
    const database = openDatabase({ folder: process.argv[2] });
    const store = createExecutionsStore(database);
    const owner = process.argv[3];
    const common = { callerId: "c", kind: "v1", priority: 0, language: "python", turn: "{}", isInteractive: false };
    for (let n = 0; n < Number(process.argv[4]); n += 1) {
      const id = owner + "-" + n;
      const request = Buffer.alloc(20_000, n);
      await store.insert([{ ...common, id, owner, createdAtMs: n, request }]);
      console.log("queued " + id);
      if (n % 2 === 0 && await store.claim(id, owner, n)) console.log("running " + id);
    }
    await database.close();
  `;
  beforeAll(() => {
    programs = mkdtempSync(join(tmpdir(), "glovebox-storage-test-"));
    program = join(programs, "program.mjs");
    symlinkSync(join(import.meta.dirname, "../../node_modules"), join(programs, "node_modules"));
    execFileSync(
      createRequire(import.meta.url).resolve("esbuild/bin/esbuild"),
      [
        ...["--bundle", "--platform=node", "--format=esm", "--target=node20", "--loader=ts"],
        ...["--packages=external", `--outfile=${program}`, "--log-level=warning"],
      ],
      { cwd: import.meta.dirname, input: source, timeout: 30_000 },
    );
  });
  afterAll(() => {
    rmSync(programs, { recursive: true });
  });
  const start = (owner: string, count: number) =>
    spawn(process.execPath, [program, folder, owner, String(count)], {
      stdio: ["ignore", "pipe", "inherit"],
    });

  test("kill -9 loses nothing that was accepted, and the file stays whole", async () => {
    const said: string[] = [];
    for (const killAfter of [1, 50, 231]) {
      const child = start(`server${killAfter}`, 1e6);
      const ended = once(child, "exit");
      let lines = 0;
      for await (const line of createInterface(child.stdout)) {
        said.push(line);
        lines += 1;
        if (lines === killAfter) child.kill("SIGKILL");
      }
      await ended;
    }
    const database = open();
    expect(database.read((sql) => sql.row("PRAGMA integrity_check"))).toEqual({
      integrity_check: "ok",
    });
    const store = createExecutionsStore(database);
    const accepted = said.filter((line) => line.startsWith("queued")).map((l) => l.slice(7));
    expect(store.findMany(accepted)).toHaveLength(accepted.length);
    for (const id of accepted) expect(store.request(id)).toHaveLength(20_000);
    const { queued, lost } = await store.takeOver({
      isAlive: () => false,
      newOwner: "next",
      maxDeaths: 2,
      now: 1,
    });
    expect(lost).toEqual([]);
    const again = new Map(queued.map(({ id, attempts }) => [id, attempts]));
    for (const line of said) {
      const [state, id] = line.split(" ") as [string, string];
      expect(again.get(id), line).toBeGreaterThanOrEqual(state === "running" ? 1 : 0);
    }
  }, 60_000);

  test("several make one database at the same moment and write to it in turns", async () => {
    const children = ["a", "b", "c"].map((owner) => start(owner, 40));
    const codes = await Promise.all(
      children.map(async (child) => {
        child.stdout.resume();
        return (await once(child, "exit"))[0] as unknown;
      }),
    );
    expect(codes).toEqual([0, 0, 0]);
    const count = open().read((sql) => sql.row("SELECT count(*) AS count FROM executions"));
    expect(count).toEqual({ count: 120 });
  }, 60_000);
});
