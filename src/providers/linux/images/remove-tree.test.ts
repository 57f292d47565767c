import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolders, sweepStaging, treeFolder } from "./folders.ts";
import { removeTree } from "./remove-tree.ts";
import { createImages } from "./store.ts";

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "glovebox-remove-test-"));
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

test("a tree goes with names that are no text and folders without rights; links lead nowhere", async () => {
  const tree = join(base, "tree");
  mkdirSync(join(tree, "closed/deep"), { recursive: true });
  mkdirSync(join(base, "other"));
  writeFileSync(join(base, "other/kept"), "");
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0x0a])]), "");
  writeFileSync(join(tree, "closed/deep/file"), "");
  symlinkSync(join(base, "other"), join(tree, "link"));
  symlinkSync("/nowhere", join(tree, "broken"));
  chmodSync(join(tree, "closed/deep"), 0);
  chmodSync(join(tree, "closed"), 0o500);
  await removeTree(tree);
  expect(readdirSync(base)).toEqual(["other"]);
  expect(readdirSync(join(base, "other"))).toEqual(["kept"]);
  await expect(removeTree(tree)).resolves.toBeUndefined();
});

test("two that remove the same leave nothing", async () => {
  const tree = join(base, "tree");
  for (const name of ["a", "b", "c"]) mkdirSync(join(tree, name), { recursive: true });
  for (let each = 0; each < 300; each++) writeFileSync(join(tree, "b", String(each)), "");
  await Promise.all([removeTree(tree), removeTree(tree)]);
  expect(existsSync(tree)).toBe(false);
});

test("a sweep that is ended leaves the rest at once, and the next one takes it", async () => {
  const orphan = join(base, "staging", orphanName("ab"));
  mkdirSync(orphan, { recursive: true });
  const count = 1000;
  for (let each = 0; each < count; each++) writeFileSync(join(orphan, String(each)), "");
  const controller = new AbortController();
  const swept = sweepStaging(base, controller.signal);
  while (readdirSync(orphan).length === count) await nextTurn();
  controller.abort();
  await swept;
  expect(readdirSync(orphan).length).toBeGreaterThan(0);
  await sweepStaging(base);
  expect(existsSync(orphan)).toBe(false);
});

test("a tree that is deeper than the kernel takes a path goes too", async () => {
  const name = "d".repeat(200);
  const tree = join(base, "tree");
  const next = join(base, "next");
  mkdirSync(tree);
  for (let level = 0; level < 50; level++) {
    mkdirSync(next);
    renameSync(tree, join(next, name));
    writeFileSync(join(next, "file"), "");
    mkdirSync(join(next, "0"));
    renameSync(next, tree);
  }
  await removeTree(tree);
  expect(readdirSync(base)).toEqual([]);
});

test("the names of a large folder are not all held at once", async () => {
  const tree = join(base, "tree");
  mkdirSync(tree);
  const count = 20_000;
  for (let each = 0; each < count; each++) {
    writeFileSync(join(tree, `${each}`.padStart(200, "f")), "");
  }
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const used = (): number => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  let most = 0;
  let sampledAt = 0;
  const removed = removeTree(tree);
  while (existsSync(tree)) {
    await nextTurn();
    if (performance.now() - sampledAt < 100) continue;
    most = Math.max(most, used() - before);
    sampledAt = performance.now();
  }
  await removed;
  // Their names alone are four million bytes. Other files' tests leave traces in this process, too.
  expect(most).toBeLessThan(3_000_000);
}, 60_000);

test("an orphan that can't be removed keeps no other", async () => {
  await makeFolders(base);
  // No folder: its removal fails.
  writeFileSync(join(base, "staging", orphanName("aa")), "");
  mkdirSync(join(base, "staging", orphanName("ab")));
  mkdirSync(join(base, "staging", orphanName("ac")));
  await expect(sweepStaging(base)).rejects.toThrow(/ENOTDIR/);
  expect(readdirSync(join(base, "staging"))).toEqual([orphanName("aa")]);
});

test("nor a tree without a name", async () => {
  await makeFolders(base);
  writeFileSync(join(base, "staging", orphanName("aa")), "");
  mkdirSync(treeFolder(base, `sha256:${"a".repeat(64)}`));
  const start = (): never => {
    throw new Error("nothing is started here");
  };
  const images = createImages({ folder: base, env: {}, start });
  await expect(images.sweep()).rejects.toThrow(/ENOTDIR/);
  expect(readdirSync(base).sort()).toEqual(["names", "staging"]);
});

/** No process has this start time: its owner is dead. */
function orphanName(letters: string): string {
  const namespace = readlinkSync("/proc/self/ns/pid").replace(/\D/g, "");
  return `glovebox-${namespace}-1-1-${letters}`;
}
