import { expect, test } from "vitest";
import { expandArgv } from "./argv.ts";

const extensions = [".c"];

test.each([
  [["python3", "{entry}"], "app/main.py", [], ["python3", "app/main.py"]],
  [["cc", "-o", "{name}", "{entry}"], "app/main.c", [], ["cc", "-o", "app/main", "app/main.c"]],
  [["cc", "{sources}", "-lm"], "z.c", ["a.c", "z.c", "b.h"], ["cc", "z.c", "a.c", "-lm"]],
  [["cc", "{sources}"], "main", ["main", "sub/a.c"], ["cc", "main", "sub/a.c"]],
  [["java", "-cp={name}.jar"], "Main.java", [], ["java", "-cp=Main.jar"]],
  [["x", "{other} {sources}"], "a", [], ["x", "{other} {sources}"]],
])("expands %j for %s", (words, entry, files, expected) => {
  expect(expandArgv(words, { entry, files, extensions })).toEqual(expected);
});

test("does not look again at what it put in", () => {
  const files = ["{name}.c", "{entry}.c"];
  const context = { entry: "{name}.c", files, extensions };
  expect(expandArgv(["cc", "{entry}", "{sources}"], context)).toEqual([
    "cc",
    "./{name}.c",
    "./{name}.c",
    "./{entry}.c",
  ]);
});

test("keeps a program from taking a file's name for an option", () => {
  const context = { entry: "-c.c", files: ["-c.c", "@args.c"], extensions };
  expect(expandArgv(["cc", "{sources}"], context)).toEqual(["cc", "./-c.c", "./@args.c"]);
});
