import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findIn, findNear } from "./find-near.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glovebox-near-test-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), "");
  }
}

const pathsOf = (wanted: readonly string[]): readonly string[] =>
  findNear(folder, wanted).map(({ path }) => path);

test("finds paths in the folder and in folders of it, nearer ones first", () => {
  write("a/b/.envrc", "a/.git/hooks/x", ".envrc", "z/.envrc");
  mkdirSync(join(folder, ".git"));
  expect(findNear(folder, [".envrc", ".git/hooks", ".git"])).toEqual([
    { path: ".envrc", kind: "file" },
    { path: ".git", kind: "folder" },
    { path: "a/.git/hooks", kind: "folder" },
    { path: "a/.git", kind: "folder" },
    { path: "z/.envrc", kind: "file" },
    { path: "a/b/.envrc", kind: "file" },
  ]);
});

test("looks four folders deep, and neither into what others installed nor into repositories", () => {
  write("1/2/3/4/here", "1/2/3/4/5/here", "node_modules/here", ".git/here");
  expect(pathsOf(["here"])).toEqual(["1/2/3/4/here"]);
});

test("follows no link, and finds links themselves", () => {
  write("real/.vscode/x");
  symlinkSync("real", join(folder, "link"));
  symlinkSync("real/.vscode", join(folder, ".vscode"));
  expect(findNear(folder, [".vscode", ".vscode/x"])).toEqual([
    { path: ".vscode", kind: "other" },
    { path: "real/.vscode", kind: "folder" },
    { path: "real/.vscode/x", kind: "file" },
  ]);
  expect(findIn(folder, "link/.vscode")).toBeUndefined();
});

test("what is in the way, can't be looked into or is gone is nothing", () => {
  write("file", "closed/here");
  chmodSync(join(folder, "closed"), 0);
  expect(pathsOf(["file/here", "here/file"])).toEqual([]);
  expect(findNear(join(folder, "gone"), ["file"])).toEqual([]);
  chmodSync(join(folder, "closed"), 0o700);
});

test("of too many the nearest are found", () => {
  for (let at = 0; at < 300; at += 1) write(`${at}/here`);
  write("here", "0/0/here");
  const found = pathsOf(["here"]);
  expect(found).toHaveLength(256);
  expect(found[0]).toBe("here");
  expect(found).not.toContain("0/0/here");
});
