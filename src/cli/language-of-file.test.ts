import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { indexLanguages, type LanguageIndex } from "../languages/index-languages.ts";
import { loadLanguages } from "../languages/load.ts";
import { languageByName, languageOfFile, pathInside } from "./language-of-file.ts";

let languages: LanguageIndex;

beforeAll(async () => {
  languages = indexLanguages(await loadLanguages(join(import.meta.dirname, "../../languages")));
});

describe("the language of a file", () => {
  test.each([
    ["a.py", "print(1)", undefined, "python"],
    ["a.py", "#!/usr/bin/env bash\n", undefined, "bash"],
    ["a.py", "#!/usr/bin/nothing\n", undefined, "python"],
    ["tool", "#!/usr/bin/python3 -u\nprint(1)", undefined, "python"],
    ["tool", "#!/usr/bin/env node", undefined, "javascript"],
    ["dir.c/a.cpp", "int x;", undefined, "cpp"],
    ["a.py", "#!/usr/bin/env bash\n", "node", "javascript"],
    ["-", "", "C++", "cpp"],
  ])("%s with %j and -l %s is %s", (file, content, name, expected) => {
    expect(languageOfFile(languages, file, Buffer.from(content), name).id).toBe(expected);
  });

  test.each([
    ["tool", "x".repeat(100_000)],
    ["a.xyz", ""],
    ["a", "#!/usr/bin/nothing\n"],
  ])("%s is unknown without -l", (file, content) => {
    expect(() => languageOfFile(languages, file, Buffer.from(content), undefined)).toThrow(
      /can't tell the language of .* Add `-l LANG`\. `glovebox languages` lists /,
    );
  });
});

test.each([
  ["python", "src/tool.py", "tool.py"],
  ["python", "tool", "tool"],
  ["python", "/dev/fd/63", "63"],
  ["c", "src/sum.c", "sum.c"],
  ["c", "/dev/fd/63", "main.c"],
  ["c", "notes.txt", "main.c"],
])("in %s, %s is called %s inside", (name, file, expected) => {
  expect(pathInside(languageByName(languages, name), file, Buffer.alloc(0))).toBe(expected);
});
