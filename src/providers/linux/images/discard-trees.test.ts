import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ownedName } from "../owned-name.ts";
import { discardTree, discardUnusedTree, sweepTrees } from "./discard-trees.ts";
import { makeFolders, treeFolder, withStaging } from "./folders.ts";
import { nameFile, writeName } from "./names.ts";

let base: string;
beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), "glovebox-discard-test-"));
  await makeFolders(base);
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

const idOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
const makeTree = (id: string): void => {
  mkdirSync(join(treeFolder(base, id), "rootfs"), { recursive: true });
  writeFileSync(join(treeFolder(base, id), "image.json"), "{}");
};
const write = (name: string, id: string): Promise<void> =>
  withStaging(base, (staging) => writeName(base, staging, { name, id }));
const trees = (): readonly string[] =>
  readdirSync(base).filter((name) => name.startsWith("sha256-"));

test("a sweep takes trees without a name, and nothing else", async () => {
  makeTree(idOf("a"));
  makeTree(idOf("b"));
  await write("x:1", idOf("a"));
  mkdirSync(join(base, "sha256-else"));
  await sweepTrees(base);
  expect([...trees()].sort()).toEqual([`sha256-${"a".repeat(64)}`, "sha256-else"]);
  expect(readdirSync(join(base, "staging"))).toEqual([]);
});

test("but none while somebody pulls, who may just not have written the name", async () => {
  makeTree(idOf("a"));
  const pull = join(base, "staging", ownedName());
  mkdirSync(pull);
  await sweepTrees(base);
  expect(trees()).toHaveLength(1);
  rmSync(pull, { recursive: true });
  await sweepTrees(base);
  expect(trees()).toEqual([]);
});

test.each([discardTree, discardUnusedTree])("%o leaves what has a name", async (discard) => {
  makeTree(idOf("a"));
  await write("x:1", idOf("a"));
  await discard(base, idOf("a"));
  expect(trees()).toHaveLength(1);
  await unlink(nameFile(base, "x:1"));
  await discard(base, idOf("a"));
  expect(trees()).toEqual([]);
  await expect(discard(base, idOf("a"))).resolves.toBeUndefined();
});

test("of who names a tree and who discards it one sees the other", async () => {
  const id = idOf("a");
  let met = 0;
  for (let round = 0; round < 100; round++) {
    makeTree(id);
    const discarded = discardTree(base, id);
    // It has looked at the names by then, and not yet taken the tree.
    const isIdle = (): boolean => readdirSync(join(base, "staging")).length === 0;
    for (let turn = 0; turn < 1000 && isIdle(); turn++) await nextTurn();
    writeFileSync(nameFile(base, "x:1"), JSON.stringify({ name: "x:1", id }));
    const wasSeen = existsSync(treeFolder(base, id));
    await discarded;
    // Who saw no tree makes it anew; who saw one has it.
    if (wasSeen) expect(trees()).toHaveLength(1);
    if (wasSeen) met++;
    rmSync(treeFolder(base, id), { recursive: true, force: true });
    await unlink(nameFile(base, "x:1"));
  }
  expect(met).toBeGreaterThan(0);
});
