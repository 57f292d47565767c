import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { indexLanguages, type LanguageIndex } from "../languages/index-languages.ts";
import { loadLanguages } from "../languages/load.ts";
import { languageSchema } from "../core/language.ts";
import { languageOfFile, parseLanguage, pathInside } from "./language-of-file.ts";

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
    expect(languageOfFile(languages, file, Buffer.from(content), name).language.id).toBe(expected);
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

describe("a language and its version", () => {
  test.each([
    ["python", "python", undefined],
    ["python@3", "python", "3"],
    ["Py@3.13.1", "python", "3.13.1"],
    ["c++@v14", "cpp", "v14"],
    ["python@*", "python", "*"],
    ["python3.13", "python", "3.13"],
    ["python:3.11.2", "python", "3.11.2"],
    ["lua-5.4", "lua", "5.4"],
    ["lua5", "lua", undefined],
    ["python@3@4", "python", "3@4"],
  ])("%s is %s, %s", (word, id, version) => {
    const wanted = parseLanguage("--language", word, languages);
    expect([wanted.language.id, wanted.version]).toEqual([id, version]);
  });

  test.each([
    ["python@", /^--language: `python@`: after @ comes a version: python@3\.13\.$/],
    [`python@${"3".repeat(65)}`, /after @ comes a version/],
    ["pyton@3", /^--language: `pyton` is unknown\. Did you mean `python`\?/],
    ["@3", /^--language: `@3` is unknown\./],
  ])("%s is refused", (word, message) => {
    expect(() => parseLanguage("--language", word, languages)).toThrow(message);
  });

  test.each(["id", "aliases"] as const)("can't be taken for another's %s", (field) => {
    const name = field === "id" ? "python@3" : ["python@3"];
    expect(languageSchema.shape[field].safeParse(name).success).toBe(false);
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
  expect(pathInside(languages.byName(name)!, file, Buffer.alloc(0))).toBe(expected);
});
