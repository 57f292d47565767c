import { describe, expect, test } from "vitest";
import { languageNamed } from "../../test/helpers/language.ts";
import { indexLanguages } from "./index-languages.ts";

const python = languageNamed("python", {
  aliases: ["python3", "py"],
  shebangs: ["python"],
  judge0: [71],
  piston: [{ language: "python", versions: ["3.10.0"] }],
});
const bash = languageNamed("bash", { extensions: [".sh", ".bash"], shebangs: ["bash", "sh"] });
const index = indexLanguages([python, bash]);

test("lists the languages by id", () => {
  expect(index.names).toEqual(["bash", "python"]);
  expect(index.languages).toEqual([bash, python]);
});

test.each([
  ["python", "python"],
  ["Python", "python"],
  ["PYTHON3", "python"],
  ["py", "python"],
  ["bash", "bash"],
  ["", undefined],
  ["ruby", undefined],
  ["__proto__", undefined],
  ["constructor", undefined],
])("finds the name %j: %s", (name, id) => {
  expect(index.byName(name)?.id).toBe(id);
});

test.each([
  [".python", "python"],
  [".sh", "bash"],
  [".SH", undefined],
  ["", undefined],
  ["sh", undefined],
])("finds the extension %j: %s", (extension, id) => {
  expect(index.byExtension(extension)?.id).toBe(id);
});

test.each([
  ["#!/usr/bin/python3", "python"],
  ["#!/usr/bin/python3.11 -u", "python"],
  ["#! /usr/bin/env python3", "python"],
  ["#!/usr/bin/env -S python3.11 -u", "python"],
  ["#!/usr/bin/env -Spython3 -u", "python"],
  ["#!/usr/bin/env --split-string=python3 -u", "python"],
  ["#!/usr/bin/env -i -u HOME PATH=/bin python3", "python"],
  ["#!/bin/sh", "bash"],
  ["#!/bin/bash\r", "bash"],
  ["#!/usr/bin/env", undefined],
  ["#!/usr/bin/ruby", undefined],
  ["#!", undefined],
  ["# /bin/sh", undefined],
  ["print(1)", undefined],
  ["", undefined],
])("finds the shebang %j: %s", (line, id) => {
  expect(index.byShebang(line)?.id).toBe(id);
});

test("finds Judge0's ids and Piston's runtimes", () => {
  const deno = languageNamed("deno", {
    judge0: [9],
    piston: [{ language: "javascript", versions: ["1.32.3"] }],
  });
  const node = languageNamed("node", {
    aliases: ["javascript"],
    judge0: [63, 93],
    piston: [{ language: "javascript", versions: ["18.15.0"] }],
  });
  const peers = indexLanguages([deno, node]);
  expect([9, 63, 93, 1].map((id) => peers.byJudge0(id)?.id)).toEqual([
    ...["deno", "node", "node", undefined],
  ]);
  expect(peers.byPiston("javascript", "1.32.3")).toBe(deno);
  expect(peers.byPiston("JavaScript", "18.15.0")).toBe(node);
  expect(peers.byPiston("javascript", "*")).toBe(node);
  expect(peers.byPiston("java", "*")).toBeUndefined();
});

describe("two languages with the same", () => {
  test.each([
    ["id", languageNamed("bash", { extensions: [".x"] }), "the name `bash`"],
    ["alias", languageNamed("x", { aliases: ["py"] }), "the name `py`"],
    ["extension", languageNamed("x", { extensions: [".sh"] }), "the extension `.sh`"],
    ["shebang", languageNamed("x", { shebangs: ["sh"] }), "the shebang `sh`"],
    ["Judge0 id", languageNamed("x", { judge0: [71] }), "the Judge0 id `71`"],
    [
      "Piston runtime",
      languageNamed("x", { piston: [{ language: "python", versions: ["3.10.0"] }] }),
      "the Piston runtime `python 3.10.0`",
    ],
    ["alias twice", languageNamed("x", { aliases: ["y", "y"] }), "twice, by `x`"],
  ])("%s are refused", (_what, other, message) => {
    expect(() => indexLanguages([python, bash, other])).toThrow(message);
  });
});
