import { expect, test } from "vitest";
import { isProtected, isProtectedAs } from "./protected-paths.ts";

test.each([
  ".git/hooks",
  ".git/hooks/x",
  "a/b/.git/config",
  "a/.vscode/tasks.json",
  ".git",
  "a/.git",
])("%s is protected", (path) => {
  expect(isProtected(path)).toBe(true);
});

test.each([".git/index", "a/.git/objects/x", "x.git/hooks", "hooks", "a/.bashrc2", "a.bashrc"])(
  "%s is not",
  (path) => {
    expect(isProtected(path)).toBe(false);
  },
);

test("a file that says where a repository is stays, a repository does not as a whole", () => {
  expect(isProtectedAs("sub/.git", "file")).toBe(true);
  expect(isProtectedAs("sub/.git", "folder")).toBe(false);
  expect(isProtectedAs(".git/hooks", "folder")).toBe(true);
  expect(isProtectedAs(".git/hooks", "other")).toBe(false);
});
