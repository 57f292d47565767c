import { describe, expect, test } from "vitest";
import { isAllowedImage, isImagePattern } from "./image-name.ts";

test.each([
  ["python:3", true],
  ["python:*", true],
  ["python*", true],
  ["ghcr.io/acme/*", true],
  ["*", true],
  [`python@sha256:*`, false],
  ["*:3", false],
  ["py*on", false],
  ["**", false],
  ["Python:*", false],
  [7, false],
])("%j as an allowed image: %s", (item, expected) => {
  expect(isImagePattern(item)).toBe(expected);
});

describe("an image is allowed", () => {
  test.each<[string, readonly string[], boolean]>([
    ["python:3", [], false],
    ["python:3", ["python:3"], true],
    ["python:3", ["gcc:14", "python:3"], true],
    ["python", ["python:latest"], false],
    ["docker.io/library/python:3", ["python:3"], false],
    ["python:3.12", ["python:3"], false],
    ["python:3.12", ["python:3*"], true],
    ["python:3.12", ["python:*"], true],
    ["pythonx:3", ["python:*"], false],
    ["python:3000/evil", ["python:3*"], false],
    ["python-evil/tool", ["python*"], false],
    ["ghcr.io/acme/a/b:1", ["ghcr.io/acme/*"], true],
    ["ghcr.io/acmeevil/a", ["ghcr.io/acme/*"], false],
    ["anything/at:all", ["*"], true],
  ])("%s with %j: %s", (name, allowed, expected) => {
    expect(isAllowedImage(name, allowed)).toBe(expected);
  });
});
