import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sweepStaging } from "./folders.ts";
import { removeTree } from "./remove-tree.ts";

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
  // No process has this start time: its owner is dead.
  const orphan = join(base, "staging", `glovebox-${pidNamespace()}-1-1-ab`);
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

function pidNamespace(): string {
  return readlinkSync("/proc/self/ns/pid").replace(/\D/g, "");
}
