import { expect, test } from "vitest";
import { readBoundedFile } from "./read-bounded-file.ts";

test("reads a file, and no more than so much of one without an end", () => {
  expect(readBoundedFile(import.meta.filename, 10_000)).toContain("no more than so much");
  expect(() => readBoundedFile("/dev/zero", 1000)).toThrow("larger than 1000 bytes");
  expect(readBoundedFile("/dev/null", 1000)).toBe("");
  expect(() => readBoundedFile("/", 1000)).toThrow("EISDIR");
  expect(() => readBoundedFile("/nowhere", 1000)).toThrow("ENOENT");
});
