import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { DestroyBacklog } from "./destroy-backlog.ts";
import { Pool, type Poolable, type PoolOptions } from "./pool.ts";

interface Thing extends Poolable {
  readonly name: string;
  isBroken: boolean;
  isDestroyed: boolean;
}

const pools: Pool<Thing>[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

function makePool(options: Partial<PoolOptions<Thing>> = {}) {
  const made: Thing[] = [];
  const make = (key: string): Promise<Thing> => {
    const thing: Thing = {
      name: `${key}${made.length}`,
      isBroken: false,
      isDestroyed: false,
      isAlive: () => !thing.isBroken,
      destroy: async () => {
        await setImmediate();
        thing.isDestroyed = true;
      },
    };
    made.push(thing);
    return Promise.resolve(thing);
  };
  const usual = { size: 2, maxAgeMs: 60_000, parallel: 2, backlog: new DestroyBacklog(), make };
  const pool = new Pool<Thing>({ ...usual, ...options });
  pools.push(pool);
  return { pool, made };
}

const anything = {
  name: "",
  isBroken: false,
  isDestroyed: false,
  isAlive: () => true,
  destroy: () => Promise.resolve(),
};

const left = (made: readonly Thing[]): readonly string[] =>
  made.filter(({ isDestroyed }) => !isDestroyed).map(({ name }) => name);

test("what is larger than all may be is made once, and not again", async () => {
  const { pool, made } = makePool({
    mostBytes: 10,
    make: (key) => {
      const thing = { ...anything, name: key, memoryBytes: 11 };
      made.push(thing);
      return Promise.resolve(thing);
    },
  });
  for (let time = 0; time < 3; time++) {
    expect(pool.take("a")).toBeUndefined();
    await setImmediate();
  }
  expect(made).toHaveLength(1);
  expect(pool.stats()).toMatchObject({ ready: 0, misses: 3 });
});

test("what was asked for is there the next time, once for each who asks", async () => {
  const { pool } = makePool();
  expect(pool.take("a")).toBeUndefined();
  await setImmediate();
  const taken = [pool.take("a"), pool.take("a"), pool.take("b")];
  expect(taken.map((thing) => thing?.name)).toEqual(["a0", undefined, undefined]);
  expect(pool.stats()).toMatchObject({ hits: 1, misses: 3 });
  await setImmediate();
  expect(pool.stats()).toMatchObject({ ready: 2, hits: 1, misses: 3 });
});

test("no two get the same one, however many ask at once", async () => {
  const { pool } = makePool({ size: 8, parallel: 8 });
  for (let index = 0; index < 8; index++) pool.take("a");
  await setImmediate();
  const taken = Array.from({ length: 20 }, () => pool.take("a")).filter((thing) => thing);
  expect(taken).toHaveLength(8);
  expect(new Set(taken).size).toBe(8);
});

test("one that has ended is thrown away, not handed out", async () => {
  const { pool, made } = makePool();
  pool.take("a");
  await setImmediate();
  made[0]!.isBroken = true;
  expect(pool.take("a")).toBeUndefined();
  await pool.close();
  expect(left(made)).toEqual([]);
});

test("the kind that nobody has asked for longest makes room", async () => {
  const { pool, made } = makePool();
  for (const key of ["a", "b", "a", "c"]) {
    pool.take(key);
    await setImmediate();
  }
  await setImmediate();
  // a0 was taken; a2 took its place, and c3 that of b1.
  expect(left(made)).toEqual(["a0", "a2", "c3"]);
});

test("what nobody takes in time goes and is not replaced", async () => {
  const { pool, made } = makePool({ maxAgeMs: 20 });
  pool.take("a");
  await expect.poll(() => made[0]?.isDestroyed).toBe(true);
  expect(made).toHaveLength(1);
  expect(pool.take("a")).toBeUndefined();
});

test("while something runs, one of a kind is enough", async () => {
  const { pool, made } = makePool({ parallel: 1 });
  const done = pool.begin();
  pool.take("a");
  pool.take("a");
  await setImmediate();
  expect(left(made)).toEqual(["a0"]);
  done();
  done();
  await setImmediate();
  expect(left(made)).toEqual(["a0", "a1"]);
});

test("a kind that never comes about is left alone, others are not", async () => {
  const tried: string[] = [];
  const { pool } = makePool({
    make: (key) => {
      tried.push(key);
      return Promise.reject(new Error("no"));
    },
  });
  for (let time = 0; time < 6; time++) {
    pool.take("a");
    await sleep(2);
  }
  pool.take("b");
  await sleep(2);
  expect(tried).toEqual(["a", "a", "a", "b"]);
});

test("a failure to make one is no news, and is not repeated", async () => {
  let tries = 0;
  const { pool } = makePool({
    make: () => {
      tries += 1;
      return Promise.reject(new Error("no"));
    },
  });
  pool.take("a");
  await setImmediate();
  expect(tries).toBe(1);
  expect(pool.take("a")).toBeUndefined();
  await setImmediate();
  expect(tries).toBe(2);
});

test("close waits for what is being made, ends all, and makes no more", async () => {
  const { pool, made } = makePool();
  pool.take("a");
  await pool.close();
  await pool.close();
  expect(left(made)).toEqual([]);
  expect(pool.take("a")).toBeUndefined();
  await setImmediate();
  expect(made).toHaveLength(1);
});

test("says what is ready, what it holds, for how long, and what making it took", async () => {
  let makeMs = 0;
  const { pool } = makePool({
    make: async () => {
      const beganMs = performance.now();
      await sleep(20);
      makeMs += performance.now() - beganMs;
      return { ...anything, memoryBytes: 1000 };
    },
  });
  expect(pool.stats()).toMatchObject({ ready: 0, readyBytes: 0, oldestMs: 0, made: 0, makeMs: 0 });
  pool.take("a");
  await expect.poll(() => pool.stats().ready).toBe(1);
  const first = pool.stats().oldestMs;
  await sleep(20);
  pool.take("b");
  await expect.poll(() => pool.stats().ready).toBe(2);
  const stats = pool.stats();
  expect(stats).toMatchObject({ readyBytes: 2000, made: 2 });
  expect(stats.makeMs).toBeGreaterThanOrEqual(makeMs);
  expect(stats.oldestMs).toBeGreaterThan(first + 15);
  // Of those that are left: the oldest was taken, and its replacement is younger.
  pool.take("a");
  expect(pool.stats()).toMatchObject({ ready: 1, readyBytes: 1000 });
  expect(pool.stats().oldestMs).toBeLessThan(stats.oldestMs);
});

test("one that is thrown away is counted until it is gone", async () => {
  const backlog = new DestroyBacklog();
  const { pool, made } = makePool({ backlog });
  pool.take("a");
  await setImmediate();
  made[0]!.isBroken = true;
  pool.take("a");
  expect(backlog.size).toBe(1);
  await pool.close();
  expect(left(made)).toEqual([]);
  expect(backlog.size).toBe(0);
});

test("none is made while too many are being destroyed, and that is no time of making", async () => {
  const backlog = new DestroyBacklog(1);
  let end: () => void = () => undefined;
  void backlog.add(new Promise((resolve) => (end = resolve)));
  const { pool, made } = makePool({ backlog });
  pool.take("a");
  await sleep(20);
  expect(made).toEqual([]);
  end();
  await expect.poll(() => pool.stats().ready).toBe(1);
  expect(pool.stats().makeMs).toBeLessThan(20);
});

test("close does not wait for room", async () => {
  const backlog = new DestroyBacklog(1);
  void backlog.add(new Promise(() => undefined));
  const { pool, made } = makePool({ backlog });
  pool.take("a");
  await pool.close();
  expect(made).toEqual([]);
});

test("a pool of size 0 makes nothing", async () => {
  const { pool, made } = makePool({ size: 0 });
  pool.take("a");
  await setImmediate();
  expect(made).toEqual([]);
});

test("tells of which kinds there are how many, and of which one is to be made", async () => {
  const { pool, made } = makePool({ size: 3, patienceMs: 60_000 });
  const nameOf = (key: string): string => key.slice(0, 1);
  expect(pool.kinds(nameOf)).toEqual([]);
  for (const key of ["a1", "b", "a2"]) pool.take(key);
  await expect.poll(() => made.length).toBe(3);
  await expect.poll(() => pool.stats().ready).toBe(3);
  const done = pool.begin();
  pool.take("a1");
  expect(pool.kinds(nameOf)).toEqual([
    { name: "b", ready: 1, wanted: 0 },
    { name: "a", ready: 1, wanted: 1 },
  ]);
  done();
  await expect.poll(() => pool.kinds(nameOf)).toContainEqual({ name: "a", ready: 2, wanted: 0 });
});
