import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase, type Database } from "./database.ts";
import { createKeysStore, type KeysStore, type NewKey } from "./keys-store.ts";
import { keepSetting } from "./settings-store.ts";
import { createUsageStore } from "./usage-store.ts";

let folder: string;
let database: Database;
let keys: KeysStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-keys-test-"));
  database = openDatabase({ folder });
  keys = createKeysStore(database);
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

const key: NewKey = {
  name: "Ada's",
  scopes: ["run"],
  rules: { maxConcurrent: 2, maxLimits: { memoryBytes: 1_000_000 }, network: ["none"] },
  now: 1_000,
};

test("who has the secret is who it was made for", async () => {
  const { id, secret } = await keys.create(key);
  const admin = await keys.create({ ...key, name: "admin", scopes: ["run", "admin"], rules: {} });
  expect(id).toMatch(/^[a-z2-7]{8}$/);
  expect(secret).toMatch(/^gbx_[\w-]{43}$/);
  expect(keys.find(secret, 2_000)).toEqual({
    id,
    name: "Ada's",
    scopes: ["run"],
    rules: key.rules,
  });
  expect(keys.find(admin.secret, 2_000)?.scopes).toEqual(["run", "admin"]);
});

test("a secret is nowhere in the files", async () => {
  const { id, secret } = await keys.create(key);
  await database.close();
  const bytes = readFileSync(join(folder, "glovebox.db"));
  expect(bytes.includes(id)).toBe(true);
  expect(bytes.includes(secret.slice(4))).toBe(false);
});

test("what opens nothing is told apart by nobody", async () => {
  const { secret } = await keys.create({ ...key, expiresAtMs: 5_000 });
  expect(keys.find(secret, 4_999)).toBeDefined();
  for (const [wrong, now] of [
    [secret, 5_000],
    [`${secret}x`, 1_000],
    [secret.slice(0, -1), 1_000],
    [secret.toUpperCase(), 1_000],
    ["", 1_000],
    ["ä".repeat(20), 1_000],
    ["a\0".repeat(20), 1_000],
    ["a".repeat(1_000_000), 1_000],
  ] as const) {
    expect(keys.find(wrong, now), wrong.slice(0, 60)).toBeUndefined();
  }
});

test("a key that another process revokes opens nothing from then on", async () => {
  const { id, secret } = await keys.create(key);
  expect(keys.find(secret, 2_000)).toBeDefined();
  const other = openDatabase({ folder });
  expect(await createKeysStore(other).revoke(id, 3_000)).toBe(true);
  expect(keys.find(secret, 2_000)).toBeUndefined();
  expect(await keys.revoke(id, 4_000)).toBe(true);
  expect(await keys.revoke("nobodys", 4_000)).toBe(false);
  expect(keys.list()).toMatchObject([{ id, revokedAtMs: 3_000 }]);
  await other.close();
});

test("its last use is known to the minute", async () => {
  const { id, secret } = await keys.create(key);
  const lastUsed = async (now: number): Promise<number | null | undefined> => {
    keys.find(secret, now);
    keys.find(secret, now);
    // Changes keep their order.
    await database.write(() => undefined);
    return keys.list()[0]?.lastUsedAtMs;
  };
  expect(keys.list()).toEqual([
    {
      ...{ id, name: "Ada's", scopes: ["run"], rules: key.rules, createdAtMs: 1_000 },
      ...{ expiresAtMs: null, revokedAtMs: null, lastUsedAtMs: null },
    },
  ]);
  expect(await lastUsed(100_000)).toBe(100_000);
  expect(await lastUsed(159_999)).toBe(100_000);
  expect(await lastUsed(160_000)).toBe(160_000);
});

test("a secret can be chosen, once", async () => {
  const secret = "correct-horse-battery";
  const { id } = await keys.create({ ...key, secret });
  expect(keys.find(secret, 1)?.id).toBe(id);
  await expect(keys.create({ ...key, secret })).rejects.toMatchObject({ code: "CONFLICT" });
});

test.each(["short", "a".repeat(257), "with blanks in between", "ümlaut-ümlaut-ümlaut", ""])(
  "%j is no secret",
  async (secret) => {
    await expect(keys.create({ ...key, secret })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
    });
  },
);

test("usage is counted by caller and day, and not above its bound", async () => {
  const usage = createUsageStore(database);
  const add = (count: number, more = {}) =>
    usage.add({ callerId: "a", day: "2026-01-31", count, max: 3, ...more });
  expect(usage.find("a", "2026-01-31")).toBe(0);
  expect(await add(4)).toBe(false);
  expect(await Promise.all([add(1), add(1), add(1), add(1)])).toEqual([true, true, true, false]);
  expect(usage.find("a", "2026-01-31")).toBe(3);
  expect(await add(-2)).toBe(true);
  expect(await add(2)).toBe(true);
  expect(await add(10, { max: undefined })).toBe(true);
  expect(usage.find("a", "2026-01-31")).toBe(13);
  expect(await add(-1, { day: "2026-02-01" })).toBe(true);
  expect(await add(2, { day: "2026-02-01", callerId: "b" })).toBe(true);
  expect(["a", "b"].map((id) => usage.find(id, "2026-02-01"))).toEqual([0, 2]);
});

test("a setting that is made twice is what it was at first", async () => {
  const both = ["one", "two"].map((text) => keepSetting(database, "secret", Buffer.from(text)));
  expect((await Promise.all(both)).map(String)).toEqual(["one", "one"]);
});
