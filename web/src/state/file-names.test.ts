import { describe, expect, test } from "vitest";
import { folderProblem, movedPath } from "./file-names.ts";

test("a folder that moves takes what is in it, and nothing that only begins like it", () => {
  expect(movedPath("lib/a.py", "lib", "src/x")).toBe("src/x/a.py");
  expect(movedPath("library/a.py", "lib", "src")).toBe("library/a.py");
});

describe("folderProblem", () => {
  const paths = ["main.py", "lib/a.py", "lib/b.py", "src/a.py"];

  test.each(["lib2", "lib/deep", "other/lib"])("none for %s", (to) => {
    expect(folderProblem("lib", to, paths)).toBeUndefined();
  });

  test.each(["", "..", "/lib", "src", "main.py", "x/../y", "lib/"])("there is one for %j", (to) => {
    expect(folderProblem("lib", to, paths)).toBeTypeOf("string");
  });
});
