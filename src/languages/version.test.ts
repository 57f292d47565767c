import { expect, test } from "vitest";
import { matchesVersion, parseVersion } from "./version.ts";

test.each([
  ["Python 3.11.2\n", String.raw`Python (\d+(?:\.\d+)*)`, "3.11.2"],
  ["v20.20.2\n", String.raw`v(\d+(?:\.\d+)*)`, "20.20.2"],
  ["nothing", String.raw`Python (\S+)`, null],
  ["a", "(x)?a", null],
])("finds the version in %j by /%s/: %s", (output, pattern, version) => {
  expect(parseVersion(output, pattern)).toBe(version);
});

test.each([
  ["*", "3.11.2", true],
  ["*", null, true],
  ["3", "3.11.2", true],
  ["3.11", "3.11.2", true],
  ["3.11.2", "3.11.2", true],
  ["v20", "20.20.2", true],
  ["3.1", "3.11.2", false],
  ["3.11.2.1", "3.11.2", false],
  ["", "3.11.2", false],
  ["3", null, false],
])("a request for %j is met by %j: %s", (requested, installed, isMatch) => {
  expect(matchesVersion(requested, installed)).toBe(isMatch);
});
