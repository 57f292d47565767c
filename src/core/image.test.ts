import { expect, test } from "vitest";
import { isImageName, madeHereFor, makeCommand, ownRepository, refuseMadeHere } from "./image.ts";

const digest = `sha256:${"0a".repeat(32)}`;

test.each([
  "python",
  "python:3",
  "a-b--c__d.e/f_g:V1.0-x",
  "localhost:5000/tool",
  "ghcr.io/acme/tool:1.2",
  "Registry.example:443/a/b/c",
  "[::1]:5000/tool",
  `python@${digest}`,
  `python:3@${digest}`,
  digest,
])("%s is an image", (name) => {
  expect(isImageName(name)).toBe(true);
});

test.each([
  "",
  " python",
  "python:",
  "python:3 ",
  "Python:3",
  "-python",
  "a//b",
  "a/../b",
  "/a",
  "a/",
  "a:b:c",
  "a?b=c",
  "a#b",
  "a%2fb",
  "a\nb",
  "a\u001b[0m",
  "http://a/b",
  "a@sha256:short",
  `a:${"b".repeat(129)}`,
  "a".repeat(256),
])("%j is no image", (name) => {
  expect(isImageName(name)).toBe(false);
});

test("a name that almost is one takes no time to refuse", () => {
  const started = performance.now();
  expect(isImageName(`${"a-".repeat(120)}!`)).toBe(false);
  expect(isImageName(`${"a/".repeat(120)}!`)).toBe(false);
  expect(isImageName(`${"a".repeat(250)}!`)).toBe(false);
  expect(performance.now() - started).toBeLessThan(100);
});

test.each([
  [ownRepository("lua"), "lua"],
  [`${ownRepository("objective-c")}:debian`, "objective-c"],
  [`${ownRepository("lua")}@${digest}`, "lua"],
  ["glovebox/lua:debian", undefined],
  ["docker.io/localhost/glovebox/lua:debian", undefined],
  ["localhost:5000/glovebox/lua:debian", undefined],
  ["localhost/tool:1", undefined],
])("%s is made here for %s", (image, languageId) => {
  expect(madeHereFor(image)).toBe(languageId);
  const refuse = (): void => {
    refuseMadeHere(image, "docker");
  };
  if (languageId === undefined) expect(refuse).not.toThrow();
  else expect(refuse).toThrow(`it is made here: glovebox languages install ${languageId} --pro`);
});

test.each([
  ["localhost/glovebox/icon:debian", "linux", "glovebox languages install icon --method tree"],
  ["localhost/glovebox/coffee:npm", "linux", "glovebox languages install coffee --method npm"],
  ["localhost/glovebox/icon:x", "docker", "glovebox languages install icon --provider docker"],
  [
    "localhost/glovebox/coffee:npm",
    "docker",
    "glovebox languages install coffee --provider docker",
  ],
  ["python:3", "linux", undefined],
])("%s at %s is made by %j", (image, provider, command) => {
  expect(makeCommand(image, provider)).toBe(command);
});
