import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createPreparedStore } from "./prepared-store.ts";

const files = [
  { path: "bits/all.gch", content: Buffer.from("parsed") },
  { path: "tool", content: Buffer.from("#!"), executable: true },
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-prepared-test-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("what was published is found, open to all to read", async () => {
  const store = createPreparedStore(join(folder, "store"));
  expect(store.find("a")).toBeUndefined();
  await store.publish("a", files);
  const path = store.find("a");
  expect(path).toBe(join(folder, "store/a"));
  expect(readFileSync(join(path!, "bits/all.gch"), "utf8")).toBe("parsed");
  expect(statSync(join(path!, "bits")).mode & 0o777).toBe(0o755);
  expect(statSync(join(path!, "bits/all.gch")).mode & 0o777).toBe(0o644);
  expect(statSync(join(path!, "tool")).mode & 0o777).toBe(0o755);
});

test("looking does not change what others know it by", async () => {
  const store = createPreparedStore(folder);
  await store.publish("a", files);
  const before = statSync(join(folder, "a")).mtimeMs;
  store.find("a");
  expect(statSync(join(folder, "a")).mtimeMs).toBe(before);
});

test("what others can write to is not taken", async () => {
  const store = createPreparedStore(folder);
  await store.publish("a", files);
  chmodSync(join(folder, "a"), 0o777);
  expect(store.find("a")).toBeUndefined();
  chmodSync(join(folder, "a"), 0o755);
  chmodSync(folder, 0o777);
  expect(store.find("a")).toBeUndefined();
});

test("published twice it is there once, and nothing is left beside it", async () => {
  const store = createPreparedStore(folder);
  await Promise.all([store.publish("a", files), store.publish("a", files)]);
  expect(readdirSync(folder)).toEqual(["a"]);
});

test("what was not used for long goes with the next that is published", async () => {
  const store = createPreparedStore(folder);
  const past = new Date(Date.now() - 40 * 24 * 60 * 60 * 1000);
  for (const name of ["old", ".staging", "used"]) {
    mkdirSync(join(folder, name));
    utimesSync(join(folder, name), past, past);
  }
  expect(store.find("used")).toBe(join(folder, "used"));
  await store.publish("a", files);
  expect(readdirSync(folder).sort()).toEqual(["a", "used"]);
});
