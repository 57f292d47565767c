import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCallbacksStore, type CallbacksStore } from "./callbacks-store.ts";
import { openDatabase, type Database } from "./database.ts";
import { createExecutionLists, type ExecutionLists } from "./execution-lists.ts";
import {
  createExecutionsStore,
  type ExecutionsStore,
  type NewExecution,
} from "./executions-store.ts";
import { prune } from "./prune.ts";
import type { StoredExecution } from "./stored-execution.ts";

let database: Database;
let store: ExecutionsStore;
let lists: ExecutionLists;
let callbacks: CallbacksStore;
beforeEach(() => {
  database = openDatabase({ folder: undefined });
  store = createExecutionsStore(database);
  lists = createExecutionLists(database);
  callbacks = createCallbacksStore(database);
});
afterEach(() => database.close());

const made = (id: string, more: Partial<NewExecution> = {}): NewExecution => ({
  id,
  callerId: "caller",
  kind: "v1",
  priority: 0,
  language: "python",
  turn: "{}",
  isInteractive: false,
  owner: "me",
  createdAtMs: 1_000,
  request: Buffer.from("request"),
  ...more,
});
const find = (id: string): StoredExecution | undefined => store.findMany([id])[0];
const insert = (...executions: NewExecution[]) => store.insert(executions);
const ids = (executions: readonly StoredExecution[]): string[] => executions.map(({ id }) => id);
const finish = async (id: string, now = 3_000): Promise<void> => {
  expect(await store.claim(id, "me", 2_000)).toBe(true);
  expect(await store.finish(id, "me", { state: "finished", result: "{}", now })).toBe(true);
};

test("an execution is kept with all that it carries, from its beginning to its end", async () => {
  const request = Buffer.from([0, 255, 10]);
  const [inserted] = await insert(
    made("a", { request, meta: '{"ä":1}', priority: -3, isInteractive: true, turn: '{"a":1}' }),
  );
  const queued = {
    ...{ id: "a", seq: 1, callerId: "caller", kind: "v1", state: "queued", priority: -3 },
    ...{
      language: "python",
      turn: '{"a":1}',
      isInteractive: true,
      owner: "me",
      attempts: 0,
      deaths: 0,
      createdAtMs: 1_000,
    },
    ...{ startedAtMs: null, finishedAtMs: null, bytes: 11 },
    ...{ idempotencyKey: null, requestHash: null },
  };
  expect(inserted).toEqual({ execution: queued, wasThere: false });
  expect(find("a")).toEqual(queued);
  expect(store.request("a")).toEqual(request);
  expect(store.result("a")).toEqual({ result: null, error: null, segments: null, meta: '{"ä":1}' });

  expect(await store.claim("a", "me", 2_000)).toBe(true);
  const running = { ...queued, state: "running", attempts: 1, startedAtMs: 2_000 };
  expect(find("a")).toEqual(running);

  const error = { code: "SANDBOX_FAILED" as const, message: "it\0broke", details: { step: "x" } };
  const segments = Buffer.from("out");
  const end = {
    state: "failed",
    result: '{"b":2}',
    meta: "{}",
    error,
    segments,
    now: 3_000,
  } as const;
  expect(await store.finish("a", "me", end)).toBe(true);
  const bytes = 11 + 7 + 2 + 3 + JSON.stringify(error).length;
  expect(find("a")).toEqual({ ...running, state: "failed", finishedAtMs: 3_000, bytes });
  expect(store.result("a")).toEqual({ result: '{"b":2}', error, segments, meta: "{}" });
});

test("what isn't there is undefined, false or left out", async () => {
  await insert(made("a"), made("b"));
  expect(find("x")).toBeUndefined();
  expect(store.request("x")).toBeUndefined();
  expect(store.result("x")).toBeUndefined();
  expect(ids(store.findMany(["b", "x", "a"]))).toEqual(["b", "a"]);
  expect(await store.claim("x", "me", 1)).toBe(false);
  expect(await store.remove("x")).toBe(false);
});

test("each step is taken once, and only by the owner", async () => {
  await insert(made("a"), made("b"));
  expect(await store.finish("a", "me", { state: "finished", now: 1 })).toBe(false);
  expect(await store.claim("a", "you", 1)).toBe(false);
  expect(await Promise.all([store.claim("a", "me", 1), store.claim("a", "me", 1)])).toEqual([
    true,
    false,
  ]);
  expect(await store.remove("a")).toBe(false);
  expect(await store.finishQueued("a", { state: "canceled", now: 1 })).toBe(false);
  expect(await store.finish("a", "you", { state: "finished", now: 1 })).toBe(false);
  expect(await store.finish("a", "me", { state: "finished", now: 1 })).toBe(true);
  expect(await store.finish("a", "me", { state: "failed", now: 1 })).toBe(false);
  expect(find("a")?.state).toBe("finished");

  expect(await store.finishQueued("b", { state: "canceled", now: 5 })).toBe(true);
  expect(await store.claim("b", "me", 1)).toBe(false);
  expect(find("b")).toMatchObject({ state: "canceled", finishedAtMs: 5, attempts: 0 });
  expect(await store.remove("b")).toBe(true);
  expect(find("b")).toBeUndefined();
  expect(database.read((sql) => sql.rows("SELECT seq FROM requests"))).toEqual([{ seq: 1 }]);
});

test("a batch comes whole or not at all", async () => {
  await insert(made("a"));
  await expect(insert(made("b"), made("a"))).rejects.toThrow(/UNIQUE/);
  expect(find("b")).toBeUndefined();
});

test("an idempotency key stands for one execution of its caller", async () => {
  const idempotency = { key: "k", requestHash: "h" };
  const both = await Promise.all([
    insert(made("a", { idempotency })),
    insert(made("b", { idempotency: { key: "k", requestHash: "h2" } })),
  ]);
  expect(both.flat().map(({ wasThere }) => wasThere)).toEqual([false, true]);
  expect(both[1][0]?.execution).toMatchObject({ id: "a", idempotencyKey: "k", requestHash: "h" });
  await insert(made("c", { callerId: "other", idempotency }));
  expect(store.findByIdempotencyKey("caller", "k")?.id).toBe("a");
  expect(store.findByIdempotencyKey("other", "k")?.id).toBe("c");
  expect(store.findByIdempotencyKey("caller", "x")).toBeUndefined();
  await store.finishQueued("a", { state: "canceled", now: 1 });
  await store.remove("a");
  await insert(made("b", { idempotency }));
  expect(store.findByIdempotencyKey("caller", "k")?.id).toBe("b");
});

test("what dead owners had is queued again, or lost", async () => {
  await insert(
    made("waits", { owner: "dead" }),
    made("ran", { owner: "dead" }),
    made("ran-often", { owner: "dead" }),
    made("spoke", { owner: "dead", isInteractive: true, callbackUrl: "http://x" }),
    made("lives", { owner: "alive" }),
    made("late", { owner: "dead too" }),
    made("ended", { owner: "dead" }),
  );
  for (const id of ["ran", "ran-often", "spoke", "ended"]) await store.claim(id, "dead", 1);
  await store.claim("lives", "alive", 1);
  await store.finish("ended", "dead", { state: "finished", now: 2 });
  const options = { isAlive: (owner: string) => owner === "alive", now: 9 };
  const first = await store.takeOver({ ...options, newOwner: "heir", maxDeaths: 2 });
  expect(first.queued.map(({ id, attempts, owner }) => [id, attempts, owner])).toEqual([
    ["waits", 0, "heir"],
    ["ran", 1, "heir"],
    ["ran-often", 1, "heir"],
    ["late", 0, "heir"],
  ]);
  expect(first.queued.map(({ id }) => find(id))).toEqual(first.queued);
  expect(ids(first.lost)).toEqual(["spoke"]);
  expect(first.lost[0]).toMatchObject({ state: "failed", finishedAtMs: 9 });
  expect(ids(callbacksDue(9))).toEqual(["spoke"]);

  expect(await store.claim("ran-often", "heir", 1)).toBe(true);
  const second = await store.takeOver({ ...options, newOwner: "heir's heir", maxDeaths: 2 });
  expect(ids(second.queued)).toEqual(["waits", "ran", "late"]);
  expect(store.result("ran-often")?.error).toEqual({
    code: "EXECUTION_LOST",
    message: expect.stringContaining("begun 2 times") as string,
    details: { executionId: "ran-often", attempts: 2 },
  });
  expect(find("lives")).toMatchObject({ state: "running", owner: "alive" });
  expect(await store.finish("ran", "dead", { state: "finished", now: 1 })).toBe(false);
});

const callbacksDue = (now: number) =>
  callbacks
    .due("caller", now, 10)
    .map(({ executionId }) => ({ id: executionId }) as StoredExecution);

test("what an owner that ends puts back is begun again", async () => {
  await insert(made("a"), made("typed", { isInteractive: true }), made("waits"));
  for (const id of ["a", "typed"]) await store.claim(id, "me", 2_000);
  expect(await store.putBack("a", "other")).toBe(false);
  expect(await store.putBack("waits", "me")).toBe(false);
  expect(await store.putBack("typed", "me")).toBe(false);
  expect(await store.putBack("a", "me")).toBe(true);
  expect(find("a")).toMatchObject({ state: "queued", attempts: 1, deaths: 0, startedAtMs: null });
  expect(find("typed")).toMatchObject({ state: "running", attempts: 1 });
});

test("lists are of whom, what and which state one asks for, newest first", async () => {
  await insert(
    made("a"),
    made("b", { callerId: "other" }),
    made("c", { kind: "judge0", language: null }),
    made("d"),
    made("e", { kind: "judge0" }),
  );
  await finish("a");
  const all = { limit: 10 };
  expect(ids(lists.list({}, all))).toEqual(["e", "d", "c", "b", "a"]);
  expect(ids(lists.list({ callerId: "caller" }, all))).toEqual(["e", "d", "c", "a"]);
  expect(ids(lists.list({ state: "queued" }, { limit: 2 }))).toEqual(["e", "d"]);
  expect(ids(lists.list({ state: "finished" }, all))).toEqual(["a"]);
  expect(ids(lists.list({ state: "finished", callerId: "other" }, all))).toEqual([]);
  expect(ids(lists.list({ state: "queued", callerId: "other" }, all))).toEqual(["b"]);
  expect(ids(lists.list({}, { limit: 2, before: 4 }))).toEqual(["c", "b"]);
  expect(ids(lists.page({ kind: "judge0" }, { limit: 1, offset: 1 }))).toEqual(["c"]);
  expect(ids(lists.page({ kind: "judge0" }, { limit: 1, offset: 2 }))).toEqual([]);
  expect(lists.count({})).toBe(5);
  expect(lists.count({ kind: "judge0", callerId: "caller" })).toBe(2);
  expect(lists.count({ state: "running" })).toBe(0);
});

describe("callbacks", () => {
  test("are due from the end on, until they are delivered or given up", async () => {
    const callbackUrl = "http://x/y";
    await insert(made("a", { callbackUrl }), made("b", { callbackUrl }), made("c"));
    expect(callbacks.nextDueAt()).toBeUndefined();
    await finish("a", 3_000);
    await store.finishQueued("b", { state: "canceled", now: 2_500 });
    await store.finishQueued("c", { state: "canceled", now: 1 });
    expect(callbacks.nextDueAt()).toBe(2_500);
    expect(callbacks.due("caller", 2_499, 10)).toEqual([]);
    const [b, a] = ["b", "a"].map((executionId) => ({
      executionId,
      url: callbackUrl,
      attempts: 0,
    }));
    expect(callbacks.due("caller", 3_000, 10)).toEqual([b, a]);
    expect(callbacks.due("caller", 3_000, 1)).toEqual([b]);

    await callbacks.delivered("b");
    await callbacks.failedOnce("a", "HTTP\0 500", 9_000);
    expect(callbacks.nextDueAt()).toBe(9_000);
    expect(callbacks.due("caller", 9_000, 10)).toEqual([{ ...a, attempts: 1 }]);
    await callbacks.failedOnce("a", "HTTP 500", undefined);
    expect(callbacks.nextDueAt()).toBeUndefined();
    await store.remove("a");
    const left = database.read((sql) => sql.rows("SELECT execution_id, state FROM callbacks"));
    expect(left).toEqual([{ execution_id: "b", state: "delivered" }]);
  });
});

test("callers with due callbacks: once each, who waits longest first", async () => {
  const callbackUrl = "http://x/y";
  for (const [id, callerId, now] of [
    ["a", "busy", 5],
    ["b", "busy", 3],
    ["c", "patient", 2],
    ["d", "early", 9],
    ["e", "told", 1],
  ] as const) {
    await insert(made(id, { callerId, callbackUrl }));
    await store.finishQueued(id, { state: "canceled", now });
  }
  await insert(made("f", { callerId: "waiting", callbackUrl }));
  await callbacks.delivered("e");
  expect(callbacks.dueCallers(1)).toEqual([]);
  expect(callbacks.dueCallers(8)).toEqual(["patient", "busy"]);
  expect(callbacks.due("busy", 8, 9).map(({ executionId }) => executionId)).toEqual(["b", "a"]);
});

describe("pruning", () => {
  const options = { maxAgeMs: 1_000, maxBytes: 1e9, now: 10_000, limit: 100 };

  test("takes what ended too long ago, and nothing that hasn't ended or been told", async () => {
    await insert(made("old"), made("new"), made("queued"), made("running"));
    await insert(made("untold", { callbackUrl: "http://x" }));
    await finish("old", 8_999);
    await finish("new", 9_000);
    await finish("untold", 1);
    await store.claim("running", "me", 1);
    expect(await prune(database, options)).toEqual({ deleted: 1, hasMore: false });
    expect(ids(lists.list({}, { limit: 9 }))).toEqual(["untold", "running", "queued", "new"]);
    await callbacks.delivered("untold");
    expect(await prune(database, options)).toEqual({ deleted: 1, hasMore: false });
  });

  test("takes what ended first until the rest fits", async () => {
    const request = Buffer.alloc(98);
    await insert(...["a", "b", "c", "d"].map((id) => made(id, { request })));
    await finish("c", 9_100);
    await finish("a", 9_200);
    await finish("b", 9_300);
    // 100 each with their result; what has not ended, d, takes no room from them.
    expect(await prune(database, { ...options, maxBytes: 300 })).toMatchObject({ deleted: 0 });
    expect(await prune(database, { ...options, maxBytes: 299 })).toMatchObject({ deleted: 1 });
    expect(await prune(database, { ...options, maxBytes: 150 })).toMatchObject({ deleted: 1 });
    expect(await prune(database, { ...options, maxBytes: 0 })).toMatchObject({ deleted: 1 });
    expect(await prune(database, { ...options, maxBytes: 0 })).toMatchObject({ deleted: 0 });
    expect(ids(lists.list({}, { limit: 9 }))).toEqual(["d"]);
    await store.finishQueued("d", { state: "canceled", now: 1 });
    await store.remove("d");
    expect(database.read((sql) => sql.row("SELECT bytes FROM totals"))).toEqual({ bytes: 0 });
  });

  test("for want of room takes also what nobody was told of yet", async () => {
    const request = Buffer.alloc(98);
    await insert(...["a", "b"].map((id) => made(id, { request, callbackUrl: "http://x" })));
    await insert(made("c", { request }));
    for (const [id, now] of [
      ["a", 9_100],
      ["b", 9_200],
      ["c", 9_300],
    ] as const)
      await finish(id, now);
    await prune(database, { ...options, maxBytes: 150 });
    expect(ids(lists.list({}, { limit: 9 }))).toEqual(["c"]);
    expect(callbacks.dueCallers(10_000)).toEqual([]);
  });

  test("goes in small steps until the file is small again", async () => {
    const request = Buffer.alloc(2_000_000);
    for (let n = 0; n < 10; n += 1) {
      await insert(made(`${n}`, { request }));
      await store.finishQueued(`${n}`, { state: "canceled", now: 1 });
    }
    const pages = (): number =>
      database.read((sql) => sql.row("PRAGMA page_count"))?.["page_count"] as number;
    const before = pages();
    expect(before).toBeGreaterThan(4_800);
    let deleted = 0;
    let calls = 0;
    for (let hasMore = true; hasMore; calls += 1) {
      const step = await prune(database, { ...options, limit: 3 });
      deleted += step.deleted;
      hasMore = step.hasMore;
    }
    expect(deleted).toBe(10);
    expect(calls).toBeGreaterThan(4);
    expect(pages()).toBeLessThan(2_200);
  });
});

test("ten thousand are still quick to find, list, count and delete", async () => {
  const callers = ["x", "y", "z"];
  for (let start = 0; start < 10_000; start += 500) {
    await insert(
      ...Array.from({ length: 500 }, (_, n) =>
        made(`${start + n}`, { callerId: callers[n % 3]!, owner: "dead" }),
      ),
    );
  }
  // A hundred times what it takes on a machine that has nothing else to do.
  const within = async (boundMs: number, work: () => unknown): Promise<void> => {
    const start = performance.now();
    await work();
    expect(performance.now() - start).toBeLessThan(boundMs);
  };
  await within(500, () => lists.list({ callerId: "y", state: "queued" }, { limit: 100 }));
  await within(500, () => lists.list({ callerId: "y", state: "failed" }, { limit: 100 }));
  await within(500, () => lists.page({ kind: "v1" }, { limit: 20, offset: 9_000 }));
  await within(10_000, () =>
    store.takeOver({ isAlive: () => false, newOwner: "me", maxDeaths: 2, now: 1 }),
  );
  await database.write((sql) => sql.run("UPDATE executions SET state = 'failed', finished_at = 5"));
  let deleted = 0;
  await within(20_000, async () => {
    for (let hasMore = true; hasMore;) {
      const step = await prune(database, { maxAgeMs: 1, maxBytes: 0, now: 10, limit: 500 });
      deleted += step.deleted;
      hasMore = step.hasMore;
    }
  });
  expect(deleted).toBe(10_000);
}, 60_000);
