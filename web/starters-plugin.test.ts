import { join } from "node:path";
import { expect, test } from "vitest";
import { parseFilePath } from "../src/core/file-path.ts";
import { readStarters } from "./starters-plugin.ts";

const starters = readStarters(join(import.meta.dirname, "../languages"));

test("a starter is named as its language wants it", () => {
  expect(starters["java"]?.path).toBe("Hello.java");
  expect(starters["python"]?.path).toBe("main.py");
});

test.each(Object.entries(starters))("%s's starter is a file that the server takes", (_, file) => {
  expect(parseFilePath(file.path).ok).toBe(true);
  expect(file.path).not.toMatch(/[{}]/);
  expect(file.content).not.toBe("");
});
