import { describe, expect, test } from "vitest";
import { compareVersions, isInRange, toSemVer } from "./version-range.ts";

describe("isInRange", () => {
  test.each([
    ["3.11.7", "*", true],
    ["3.11.7", "x", true],
    ["3.11.7", "3", true],
    ["3.11.7", "3.x", true],
    ["3.11.7", "3.11", true],
    ["3.11.7", "3.11.*", true],
    ["3.11.7", "3.11.7", true],
    ["3.11.7", "v3.11.7", true],
    ["3.11.7", "=3.11.7", true],
    ["3.11.7", "= 3.11.7", true],
    ["3.11.7", "3.1", false],
    ["3.11.7", "3.11.8", false],
    ["3.11.7", ">=3.10", true],
    ["3.11.7", ">= 3.10 < 4", true],
    ["3.11.7", ">=3.12", false],
    ["3.11.7", ">3.11", false],
    ["3.12.0", ">3.11", true],
    ["3.11.7", "<3.11", false],
    ["3.11.7", "<=3.11", true],
    ["3.11.7", "<=3.11.6", false],
    ["3.11.7", "^3.9.1", true],
    ["4.0.0", "^3.9.1", false],
    ["0.2.9", "^0.2.3", true],
    ["0.3.0", "^0.2.3", false],
    ["0.0.3", "^0.0.3", true],
    ["0.0.4", "^0.0.3", false],
    ["0.9.0", "^0", true],
    ["0.0.9", "^0.0", true],
    ["0.1.0", "^0.0", false],
    ["3.11.7", "~3.11.2", true],
    ["3.12.0", "~3.11.2", false],
    ["3.12.0", "~3", true],
    ["3.12.0", "~>3.12", true],
    ["3.11.7", "2 || 3", true],
    ["3.11.7", "1.x || >=2.5.0 || 5.0.0 - 7.2.3", true],
    ["3.11.7", "3.10.0 - 3.11", true],
    ["3.12.0", "3.10.0 - 3.11", false],
    ["3.11.7", ">*", false],
    ["3.11.7", "<*", false],
    ["3.11.7", " ", true],
    ["3.10.0", "3.10.0-alpha.7", false],
    ["3.10.0-alpha.7", "3.10.0-alpha.7", true],
    ["3.10.0-alpha.7", "*", false],
    ["3.11.7", "latest", false],
    ["3.11.7", "3.11.7.1", false],
    ["3.11.7", "^", false],
    ["3.11.7", "3 and more", false],
    ["3.11.7", "3 ".repeat(200), false],
  ])("%s is in %j: %s", (version, range, expected) => {
    expect(isInRange(version, range)).toBe(expected);
  });
});

test.each([
  ["3.11", "3.11.0"],
  ["12", "12.0.0"],
  ["17.0.13+11", "17.0.13"],
  ["4.0.30319.42000", "4.0.30319"],
  ["5.2.15(1)-release", "5.2.15"],
  [null, "0.0.0"],
  ["unknown", "0.0.0"],
])("%j is %s to who reads three numbers", (version, expected) => {
  expect(toSemVer(version)).toBe(expected);
});

test("versions are compared by their numbers", () => {
  const sorted = ["3.9.1", "3.11.7", "20.1.0", "3.11.10"].sort(compareVersions);
  expect(sorted).toEqual(["3.9.1", "3.11.7", "3.11.10", "20.1.0"]);
});
