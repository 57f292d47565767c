import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
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
  expect(protectedIn(folder, { isAllowed: (path) => path === join(folder, ".git/hooks") })).toEqual(
    [],
  );
});

test("so it is in folders of the folder, with what is above it", () => {
  mkdirSync(join(folder, "a/b/.git/hooks"), { recursive: true });
  mkdirSync(join(folder, "a/.vscode/sub/.git/hooks"), { recursive: true });
  mkdirSync(join(folder, "tree"));
  writeFileSync(join(folder, "tree/.git"), "gitdir: ../a/b/.git/worktrees/tree");
  expect(protectedIn(folder)).toEqual([
    { path: "a", access: "rw" },
    { path: "tree", access: "rw" },
    { path: "a/b", access: "rw" },
    { path: "a/b/.git", access: "rw" },
    { path: "a/.vscode", access: "ro" },
    { path: "tree/.git", access: "ro" },
    { path: "a/b/.git/hooks", access: "ro" },
  ]);
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

describe("what is Glovebox's own", () => {
  const names = ["XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"] as const;
  const before = names.map((name) => process.env[name]);
  afterEach(() => {
    names.forEach((name, index) => {
      const value = before[index];
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    });
  });

  test("is read-only, and made where it is not there yet: whoever makes it has it", () => {
    for (const name of names) process.env[name] = join(folder, name);
    writeFileSync(join(folder, "policy.yaml"), "");
    const own = names.map((name) => `${name}/glovebox`);
    const also = [join(folder, "policy.yaml"), "/elsewhere", join(folder, "absent")];
    const all = { isAllowed: (): boolean => true, also };
    expect(protectedIn(folder, all)).toEqual([
      ...names.map((path) => ({ path, access: "rw" })),
      ...[...own, "policy.yaml"].map((path) => ({ path, access: "ro" })),
    ]);
  });

  test("is none of a folder's where it lies elsewhere", () => {
    for (const name of names) process.env[name] = `${folder}-elsewhere`;
    expect(protectedIn(folder)).toEqual([]);
    expect(existsSync(`${folder}-elsewhere`)).toBe(false);
  });
});
