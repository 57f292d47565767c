import { execFile } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockFile } from "./file-lock.ts";
import { parsePattern } from "./parse-pattern.ts";
import { listProjects, openRuleStore } from "./rule-store.ts";
import type { Effect, NewRule } from "./rule.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-rules-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const rule = (effect: Effect, text: string): NewRule => ({
  ...{ effect, scope: "always", by: "prompt", command: "./test.sh" },
  pattern: parsePattern({ kind: "net", effect, text, origin: "test" }, { home: "/home/u" }),
});
const write = (file: string, text: string, mode = 0o600): void => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, text);
  chmodSync(file, mode);
};

test("what was added is there, and is nobody else's to read", async () => {
  const store = openRuleStore(folder, "/home/u/app");
  expect(await store.read()).toEqual([]);
  const [added] = await store.add([rule("allow", "a.b:443")]);
  await store.add([rule("deny", "c.d")]);
  expect(await openRuleStore(folder, "/home/u/app").read()).toMatchObject([
    { ...added, pattern: { kind: "net", protocol: "tcp", host: "a.b", port: 443 } },
    { effect: "deny", pattern: { protocol: "any", host: "c.d", port: "*" } },
  ]);
  expect(await openRuleStore(folder, "/home/u/other").read()).toEqual([]);
  expect(statSync(store.file).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(store.file)).mode & 0o777).toBe(0o700);
  expect(readdirSync(dirname(store.file))).toEqual(["permissions.json"]);
  expect(await listProjects(folder)).toMatchObject([
    { project: "/home/u/app", rules: { length: 2 } },
  ]);
});

test("the same rule is kept once, and is gone when it is removed", async () => {
  const store = openRuleStore(folder, "/p");
  const [first] = await store.add([rule("allow", "a.b:443")]);
  expect(await store.add([rule("allow", "a.b:443"), rule("deny", "a.b:443")])).toHaveLength(1);
  expect(await store.remove(({ id }) => id === first!.id)).toEqual([first]);
  expect(await store.read()).toMatchObject([{ effect: "deny" }]);
  expect(await store.remove(() => false)).toEqual([]);
});

test.each([
  ["", /is not JSON/],
  ["{}", /v is required/],
  ["[]", /must be an object/],
  ["null", /must be an object/],
  ['{"v":2,"project":"/p","rules":[]}', /version 2; this Glovebox knows version 1/],
  ['{"v":1,"project":"/other","rules":[]}', /is of another project, \/other/],
  ['{"v":1,"project":"/p","rules":[],"more":1}', /more is not a known field/],
  ['{"v":1,"project":"/p","rules":[{"id":"r1"}]}', /rules\[0\]/],
  [
    '{"v":1,"project":"/p","rules":[{"id":"r1","effect":"deny","scope":"always","by":"cli","at":"2026-01-02T03:04:05Z","kind":"net","proto":"tcp","host":"A.B","port":1}]}',
    /host must be a host in its usual form/,
  ],
])("a broken file stops: %s", async (text, message) => {
  const store = openRuleStore(folder, "/p");
  write(store.file, text);
  await expect(store.read()).rejects.toThrow(message);
  await expect(store.read()).rejects.toThrow(store.file);
  await expect(store.add([rule("allow", "a.b")])).rejects.toThrow(message);
});

test("a file or folder that others can write to stops", async () => {
  const store = openRuleStore(folder, "/p");
  await store.add([rule("deny", "a.b")]);
  chmodSync(store.file, 0o666);
  await expect(store.read()).rejects.toThrow(/others can write to it/);
  chmodSync(store.file, 0o600);
  chmodSync(dirname(store.file), 0o777);
  await expect(store.add([rule("deny", "c.d")])).rejects.toThrow(/others can write to it/);
});

test("processes that write at the same time lose nothing", async () => {
  const script = `
    import { openRuleStore } from ${JSON.stringify(join(import.meta.dirname, "rule-store.ts"))};
    const store = openRuleStore(process.argv[2]!, "/p");
    for (let i = 0; i < 5; i++) await store.add([{ effect: "deny", scope: "always", by: "cli",
      pattern: { kind: "forward", port: Number(process.argv[3]) * 100 + i + 1 } }]);`;
  const run = promisify(execFile);
  const runner = join(import.meta.dirname, "../../scripts/run-ts.mjs");
  const file = join(folder, "writer.ts");
  writeFileSync(file, script);
  const state = join(folder, "state");
  await Promise.all(
    ["1", "2", "3"].map((number) => run(process.execPath, [runner, file, state, number])),
  );
  expect(await openRuleStore(state, "/p").read()).toHaveLength(15);
});

test("the lock of a dead process is taken over, that of a live one waited for", async () => {
  const path = join(folder, "lock");
  writeFileSync(path, "4194000 12345 x\n");
  const order: string[] = [];
  let second: Promise<void>;
  {
    using first = await lockFile(path);
    expect(first.isHeld()).toBe(true);
    second = lockFile(path).then((lock) => {
      order.push("second");
      lock[Symbol.dispose]();
    });
    await new Promise(setImmediate);
    order.push("first");
  }
  await second;
  using third = await lockFile(path);
  expect(third.isHeld()).toBe(true);
  expect(order).toEqual(["first", "second"]);
});
