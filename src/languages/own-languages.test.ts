/**
 * @module
 * What the data of each language owes beyond its schema.
 */
import { fileURLToPath } from "node:url";
import { languages as modes } from "@codemirror/language-data";
import { describe, expect, test } from "vitest";
import { indexLanguages } from "./index-languages.ts";
import { loadLanguages } from "./load.ts";
import { mainFileOf, namesFromCode, type CodeNames } from "./from-code.ts";

const languages = await loadLanguages(fileURLToPath(new URL("../../languages", import.meta.url)));
const index = indexLanguages(languages);

test.each([
  ["import java.util.*; public class Foo { }", "Foo.java"],
  ["public  final\tclass Foo {}", "Foo.java"],
  ["@Deprecated public class Foo {}", "Foo.java"],
  ["/* a license */ public class Foo {}", "Foo.java"],
  ["// the public class Bar\npublic class Foo {}", "Foo.java"],
  ["// not a public_class Foo\nclass Main {}", "Main.java"],
])("Java's %j is written to %s", (code, path) => {
  expect(mainFileOf(index.byName("java")!, Buffer.from(code))).toBe(path);
});

describe.each(languages.map((language) => [language.id, language] as const))(
  "%s",
  (id, language) => {
    const { tests, lacks, compile, aliases } = language;
    const run = tests.filter(({ expect: { phase } }) => phase === "run");

    test("answers to its names", () => {
      for (const name of [id, ...aliases]) {
        expect(index.byName(name)?.id).toBe(id);
        expect(index.byName(name.toUpperCase())?.id).toBe(id);
      }
      for (const extension of language.extensions)
        expect(index.byExtension(extension)?.id).toBe(id);
    });

    test("answers to the ids and versions of its peers", () => {
      for (const judge0 of language.judge0) expect(index.byJudge0(judge0)?.id).toBe(id);
      for (const { language: name, versions } of language.piston) {
        for (const version of versions) expect(index.byPiston(name, version)?.id).toBe(id);
        expect(index.byPiston(name, "*")).toBeDefined();
      }
    });

    test("its first program goes by its usual name", () => {
      const path = mainFileOf(language, Buffer.from(language.helloCode));
      const extensions = [...language.extensions, ...language.sourceExtensions];
      expect(extensions).toContain(/\.[^.]+$/.exec(path)?.[0]);
    });

    test("has a test of its output, of stdin, of arguments and of a failure", () => {
      const outputs = run.filter(({ expect: { exitCode } }) => exitCode === 0);
      expect(outputs.some(({ expect: { stdout } }) => stdout !== undefined)).toBe(true);
      expect(run.some(({ stdin }) => stdin !== "")).toBe(lacks.stdin === undefined);
      expect(run.some(({ args }) => args.length > 0)).toBe(lacks.args === undefined);
      expect(run.some(({ expect: { exitCode } }) => exitCode !== 0)).toBe(
        lacks.failure === undefined,
      );
    });

    test("has a test of a compile error if it is compiled", () => {
      const errors = tests.filter(({ expect: { phase } }) => phase === "compile");
      expect(errors.length > 0).toBe(compile !== undefined);
      for (const { expect: expected } of errors) expect(expected.exitCode).not.toBe(0);
    });

    test("an editor knows its mode", () => {
      expect([null, ...modes.map(({ name }) => name)]).toContain(language.highlight);
    });

    test("each test has a name of its own", () => {
      expect(new Set(tests.map(({ name }) => name)).size).toBe(tests.length);
    });
  },
);

test.each(["freebasic", "fbc", "qbasic", "csharp.net", "dotnet-csharp", "python2"])(
  "%s is another dialect than the one that is here",
  (name) => {
    expect(index.byName(name)).toBeUndefined();
    expect(index.byPiston(name, "*")).toBeUndefined();
  },
);

test.each([
  ["FreeBASIC", 47],
  ["Python 2", 70],
])("Judge0's %s is another dialect than the one that is here", (_title, id) => {
  expect(index.byJudge0(id)).toBeUndefined();
});

describe("parsed headers of Clang", () => {
  const { prepare } = languages.find(({ id }) => id === "cpp-clang") ?? {};
  const unless = new RegExp(prepare?.shortcut?.unless ?? "");
  const header = (code: string): string | undefined =>
    unless.test(code) ? undefined : namesOf("cpp-clang", code)["header"];

  test.each([
    ["#include <iostream>\n", "iostream"],
    ["// Sums.\r\n\r\n#include <iostream>", "iostream"],
    ["/* Sums **/ /***/\n//\n #\tinclude<bits/stdc++.h>", "stdc"],
  ])("are used for %j", (code, name) => {
    expect(header(code)).toBe(name);
  });

  test.each([
    "",
    "#include <vector>\n#include <iostream>",
    '#include "iostream"',
    "#define _GLIBCXX_DEBUG\n#include <iostream>",
    '#pragma GCC optimize("O3")\n#include <bits/stdc++.h>',
    "int x;\n#include <iostream>",
    "// a comment of two lines \\\n#include <iostream>",
    "// a line of its own for Clang\r#define X\n#include <iostream>",
    "/* not closed\n#include <iostream>",
    "/* a */ int x; /* b */\n#include <iostream>",
  ])("change nothing for %j", (code) => {
    expect(header(code)).toBeUndefined();
  });

  test.each([" ", "//\n", "// ", "/**/", "/*", "* ", "/**/ \n"])(
    "are looked for in little time in many %j",
    (piece) => {
      const started = performance.now();
      expect(header(`/*${piece.repeat(3_000_000)}`)).toBeUndefined();
      expect(header(piece.repeat(3_000_000))).toBeUndefined();
      expect(performance.now() - started).toBeLessThan(1000);
    },
  );
});

function namesOf(id: string, code: string): CodeNames {
  const language = languages.find((each) => each.id === id);
  return namesFromCode(language ?? { fromCode: [] }, "main", Buffer.from(code));
}
