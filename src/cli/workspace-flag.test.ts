import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { implicitWorkspace, isInside, parseWorkspace } from "./workspace-flag.ts";

let folder = "";

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "glovebox-workspace-flag-")));
  mkdirSync(join(folder, "home/project"), { recursive: true });
  mkdirSync(join(folder, "with:colon"));
  symlinkSync("home", join(folder, "link"));
  writeFileSync(join(folder, "file"), "");
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("--workspace", () => {
  test.each([
    ["home", { path: "home", access: "ro" }],
    ["home:ro", { path: "home", access: "ro" }],
    ["home:copy", { path: "home", access: "copy" }],
    ["home:rw", { path: "home", access: "rw" }],
    ["./home/../home/project:rw", { path: "home/project", access: "rw" }],
    ["link/project", { path: "home/project", access: "ro" }],
    ["with:colon", { path: "with:colon", access: "ro" }],
    ["with:colon:rw", { path: "with:colon", access: "rw" }],
  ])("%s is a folder without symbolic links, and how it is shown", (text, { path, access }) => {
    expect(parseWorkspace(text, folder)).toEqual({ hostPath: join(folder, path), access });
  });

  test.each([
    ["file", /`file` is not a folder/],
    ["file:rw", /`file` is not a folder/],
    ["nowhere", /`nowhere` can't be opened \(ENOENT\)/],
    ["home:rx", /`home:rx` can't be opened \(ENOENT\)/],
    ["", /--workspace/],
  ])("%s is refused", (text, message) => {
    expect(() => parseWorkspace(text, folder)).toThrow(message);
  });
});

describe("a command without --workspace", () => {
  test("sees the current folder, read-only", () => {
    expect(implicitWorkspace(join(folder, "home/project"), join(folder, "home"))).toEqual({
      hostPath: join(folder, "home/project"),
      access: "ro",
    });
  });

  test.each(["/", ".", "home", "link"])(
    "is refused in `%s`, which holds the home folder",
    (cwd) => {
      const home = join(folder, "home");
      const current = cwd === "/" ? "/" : join(folder, cwd);
      expect(() => implicitWorkspace(current, home)).toThrow(/write `--workspace DIR`/);
    },
  );
});

test.each([
  ["/a", "/a", true],
  ["/a", "/a/b", true],
  ["/", "/a", true],
  ["/a", "/ab", false],
  ["/a/b", "/a", false],
  ["/a", "/a/..b", true],
])("in %s lies %s: %s", (outer, inner, expected) => {
  expect(isInside(outer, inner)).toBe(expected);
});
