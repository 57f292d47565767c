import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkOut, isRepository } from "./git-index.ts";
import { readIndex, searchPackages } from "./indexes.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-index-test-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function put(name: string, text: string): void {
  writeFileSync(join(folder, name), `#!/usr/bin/env glovebox\nglovebox: 1\n${text}`);
}

test("an index is a folder's packages; what is broken keeps no other from being found", () => {
  put("jq", "name: jq\ncommand: jq\ndescription: Change JSON");
  put("broken", "name: [");
  writeFileSync(join(folder, "README.md"), "# Packages");
  symlinkSync("/etc/passwd", join(folder, "link"));
  execFileSync("mkfifo", [join(folder, "pipe")]);
  const { packages, faults } = readIndex(folder, "mine");
  expect(packages.map(({ name, index }) => [name, index])).toEqual([["jq", "mine"]]);
  expect(faults.map(({ file }) => file)).toEqual([join(folder, "broken")]);
  expect(searchPackages(packages, ["json", "CHANGE"])).toHaveLength(1);
  expect(searchPackages(packages, ["json", "yaml"])).toHaveLength(0);
});

test("or the folder `packages` in it", () => {
  mkdirSync(join(folder, "packages"));
  put("packages/jq", "name: jq\ncommand: jq");
  expect(readIndex(folder, "mine").packages).toHaveLength(1);
});

test("or a git repository, of which nothing is run", async () => {
  const git = (...words: readonly string[]): unknown =>
    execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@b", ...words], {
      stdio: "ignore",
    });
  put("jq", "name: jq\ncommand: jq");
  symlinkSync("/etc/hostname", join(folder, "name"));
  git("init");
  git("add", ".");
  git("commit", "-m", "a");
  expect(isRepository(folder)).toBe(false);
  expect(isRepository("https://git.example/a.git")).toBe(true);
  expect(isRepository("git@git.example:a")).toBe(true);
  let copy: string;
  {
    await using checkout = await checkOut(`file://${folder}`, new AbortController().signal);
    copy = checkout.folder;
    expect(readIndex(checkout.folder, "it").packages.map(({ name }) => name)).toEqual(["jq"]);
  }
  expect(() => readIndex(copy, "it")).toThrow("ENOENT");
});

test("a repository that is not there is an error with git's words", async () => {
  const none = `file://${folder}/none`;
  await expect(checkOut(none, new AbortController().signal)).rejects.toThrow(
    /can't be read: .*none/s,
  );
});
