import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { protectedIn } from "./protect-folder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-protect-test-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("what programs of the user act on is read-only where it is there, and can't be moved away", () => {
  mkdirSync(join(folder, ".git/hooks"), { recursive: true });
  writeFileSync(join(folder, ".bashrc"), "");
  expect(protectedIn(folder)).toEqual([
    { path: ".git", access: "rw" },
    { path: ".git/hooks", access: "ro" },
    { path: ".bashrc", access: "ro" },
  ]);
});

test("but for what the user lets it write to", () => {
  mkdirSync(join(folder, ".git/hooks"), { recursive: true });
  expect(protectedIn(folder, (path) => path === join(folder, ".git/hooks"))).toEqual([]);
});

test("links are left alone: what they lead to is not of the folder", () => {
  symlinkSync("/etc", join(folder, ".git"));
  symlinkSync("/etc/passwd", join(folder, ".bashrc"));
  expect(protectedIn(folder)).toEqual([]);
});

test("a folder that can't be looked into is one with nothing in it", () => {
  mkdirSync(join(folder, ".git"));
  chmodSync(join(folder, ".git"), 0);
  expect(protectedIn(folder)).toEqual([]);
});
