import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { languageNamed } from "../../test/helpers/language.ts";
import { findNpmFolder, npmProgram } from "./npm-folder.ts";

const language = languageNamed("demo", { install: { debian: [], npm: ["demo@^1"] } });

let data: string;
let env: NodeJS.ProcessEnv;
let folder: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "glovebox-npm-folder-test-"));
  env = { XDG_DATA_HOME: data };
  folder = join(data, "glovebox/npm/demo");
  mkdirSync(join(folder, "bin"), { recursive: true });
});
afterEach(() => {
  rmSync(data, { recursive: true });
});

test("a language is found where npm put it", () => {
  expect(findNpmFolder(language, env)).toBe(folder);
  const other = languageNamed("other", { install: { debian: [], npm: ["other@^1"] } });
  expect(findNpmFolder(other, env)).toBeUndefined();
});

test("a language that is not npm's is not looked for", () => {
  expect(findNpmFolder(languageNamed("demo"), env)).toBeUndefined();
});

test.each(["glovebox/npm", "glovebox/npm/demo"])(
  "a folder that others can change counts as none: %s",
  (path) => {
    chmodSync(join(data, path), 0o777);
    expect(findNpmFolder(language, env)).toBeUndefined();
  },
);

test("nor does a link to a folder", () => {
  rmSync(folder, { recursive: true });
  mkdirSync(join(data, "elsewhere"));
  symlinkSync(join(data, "elsewhere"), folder);
  expect(findNpmFolder(language, env)).toBeUndefined();
});

test("a program is one that can be started", () => {
  writeFileSync(join(folder, "bin/demo"), "", { mode: 0o755 });
  symlinkSync("nowhere", join(folder, "bin/broken"));
  expect(npmProgram(folder, "demo")).toBe(join(folder, "bin/demo"));
  expect(npmProgram(folder, "broken")).toBeUndefined();
});
