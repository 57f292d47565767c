import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../storage/database.ts";
import { createKeysStore, type NewKey } from "../storage/keys-store.ts";
import { createUsageStore } from "../storage/usage-store.ts";
import { createKeys, rateWindowMs } from "./keys.ts";

async function open(...made: readonly Partial<NewKey>[]) {
  const database = openDatabase({ folder: undefined });
  onTestFinished(() => database.close());
  const store = createKeysStore(database);
  const ids: string[] = [];
  for (const [at, parts] of made.entries()) {
    const usual = { name: `key ${at}`, scopes: ["run"], rules: {}, now: at + 1 } as const;
    ids.push((await store.create({ ...usual, ...parts })).id);
  }
  return { keys: createKeys(store, createUsageStore(database)), ids };
}

test("keys are listed with what they used of their rules, and null for what is not counted", async () => {
  const { keys, ids } = await open({}, { rules: { executionsPerDay: 5, requestsPerMinute: 9 } });
  const used = () =>
    keys.list(10).uses.map(({ key, executionsToday, requestsThisMinute }) => {
      return [key.name, executionsToday, requestsThisMinute];
    });
  expect(used()).toEqual([
    ["key 0", null, null],
    ["key 1", 0, 0],
  ]);
  const [, { key }] = keys.list(10).uses as [unknown, { key: Parameters<typeof keys.charge>[0] }];
  await keys.charge(key, 3);
  keys.rateWindows.set(ids[1] ?? "", { startedAtMs: performance.now(), requests: 4 });
  expect(used()[1]).toEqual(["key 1", 3, 4]);
  const over = performance.now() - rateWindowMs;
  keys.rateWindows.set(ids[1] ?? "", { startedAtMs: over, requests: 4 });
  expect(used()[1]).toEqual(["key 1", 3, 0]);
});

test("of too many the newest are listed", async () => {
  const { keys } = await open({}, {}, {});
  const { uses, omitted } = keys.list(2);
  expect([uses.map(({ key }) => key.name), omitted]).toEqual([["key 1", "key 2"], 1]);
});

test("callers have names, but for those whom nobody knows", async () => {
  const { keys, ids } = await open({ name: "ann" }, { name: "bob" });
  const [ann = "", bob = ""] = ids;
  expect([...keys.names([ann, "nobody", "anonymous"])]).toEqual([
    [ann, "ann"],
    ["anonymous", "anonymous"],
  ]);
  expect([...keys.names([bob])]).toEqual([[bob, "bob"]]);
  expect(keys.names([]).size).toBe(0);
});
