import { expect, test } from "vitest";
import { languageNamed } from "../../test/helpers/language.ts";
import { expandArgv } from "./argv.ts";
import { mainFileOf, namesFromCode } from "./from-code.ts";

const jvm = languageNamed("jvm", {
  extensions: [".java"],
  mainFile: "{class}.java",
  fromCode: [
    {
      name: "class",
      patterns: [String.raw`^public class (\w+)`, String.raw`^class (\w+)`],
      value: "$1",
      otherwise: "{stem}",
      case: "kept",
    },
    {
      name: "package",
      patterns: [String.raw`^package ([\w.]+);`],
      value: "$1.",
      otherwise: "",
      case: "kept",
    },
    {
      name: "unit",
      patterns: [String.raw`^procedure (.+) is`],
      value: "$1",
      otherwise: "Main",
      case: "lower",
    },
  ],
});
const namesOf = (entry: string, code: string) => namesFromCode(jvm, entry, Buffer.from(code));

test.each([
  ["package a.b;\nclass First {}\npublic class Second {}", "x.java", "Second", "a.b.", "main"],
  ["class First {}", "x.java", "First", "", "main"],
  ["", "src/Third.java", "Third", "", "main"],
  ["procedure Hello is", "x.java", "x", "", "hello"],
  // What is no name gets into no command line.
  ["procedure ../../x; rm is", "x.java", "x", "", "main"],
  [`${" ".repeat(16 * 1024)}\nclass TooFar {}`, "x.java", "x", "", "main"],
])("finds names in %j", (code, entry, name, packageName, unit) => {
  expect(namesOf(entry, code)).toEqual({ class: name, package: packageName, unit });
});

test.each([
  ["public class Solution {}", "Solution.java"],
  ["nothing", "main.java"],
  ["\xff", "main.java"],
])("code %j alone is written to %s", (code, path) => {
  expect(mainFileOf(jvm, Buffer.from(code))).toBe(path);
});

test("a path that the code would lead out of the workspace is not taken", () => {
  const dots = { ...jvm, fromCode: [{ ...jvm.fromCode[0]!, patterns: ["^class (.+)$"] }] };
  expect(mainFileOf({ ...dots, mainFile: "{class}" }, Buffer.from("class .."))).toBe("main.java");
});

test("a language without names has its usual file", () => {
  expect(mainFileOf(languageNamed("x"), Buffer.from("code"))).toBe("main.x");
});

test("names and the stem are put into command lines, once", () => {
  const context = {
    entry: "src/-x.java",
    files: [],
    extensions: [],
    names: { class: "{entry}", package: "a." },
  };
  expect(expandArgv(["java", "{package}{class}", "{stem}", "{name}", "{other}"], context)).toEqual([
    "java",
    "a.{entry}",
    "-x",
    "./src/-x".replace("./", ""),
    "{other}",
  ]);
});
