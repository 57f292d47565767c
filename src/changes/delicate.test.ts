import { expect, test } from "vitest";
import { protectedPaths } from "../core/protected-paths.ts";
import { dangerOf } from "./delicate.ts";

const file = { kind: "file", mode: 0o644, size: 1, blob: 0 } as const;

test.each([
  ".git/hooks/pre-commit",
  ".git/config",
  ".GIT/Hooks/x",
  ".git",
  "deep/.git/modules/a/config",
  "a/.envrc",
  ".vscode/tasks.json",
  ".mcp.json",
  ".husky/pre-push",
  ".bashrc",
  ".github/workflows/ci.yml",
])("%s is pointed out", (path) => {
  expect(dangerOf({ path, after: file })).toBeDefined();
});

test.each(["README.md", ".git/index", ".git/objects/ab/cd", "src/config", "hooks/x", "a.gitx"])(
  "%s is a file as any other",
  (path) => {
    expect(dangerOf({ path, after: file })).toBeUndefined();
  },
);

test("to delete is no danger", () => {
  const seen = { dev: "1", ino: "1", size: 1, mtimeNs: "1" };
  const before = { kind: "file", mode: 0o644, size: 1, seen } as const;
  expect(dangerOf({ path: ".git/hooks/x", before })).toBeUndefined();
});

test.each([
  ["link", "/etc/passwd", true],
  ["link", "..", true],
  ["link", "../x", true],
  ["a/link", "../../x", true],
  ["a/link", "x/../../..", true],
  ["a/link", "b/../c", true],
  ["a/link", "../x", false],
  ["a/link", "./../x/y", false],
  ["link", "x", false],
  ["link", "...", false],
  ["node_modules/.bin/tool", "../tool/bin.js", false],
])("a link %s -> %s leads out: %s", (path, target, isOut) => {
  expect(dangerOf({ path, after: { kind: "link", target } }) !== undefined).toBe(isOut);
});

test.each(protectedPaths)(
  "%s, which a writable folder protects, is pointed out in a copy",
  (path) => {
    const isFile = dangerOf({ path, after: file }) !== undefined;
    const isFolder = dangerOf({ path: `${path}/x`, after: file }) !== undefined;
    expect(isFile || isFolder).toBe(true);
  },
);
