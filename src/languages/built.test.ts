import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LoadedLanguage } from "../core/language.ts";
import { openBuiltLanguages } from "./built.ts";
import { indexLanguages, type LanguageIndex } from "./index-languages.ts";
import { loadLanguages } from "./load.ts";
import { serializeEach } from "./serialize.ts";

const folder = mkdtempSync(join(tmpdir(), "glovebox-languages-"));
let whole: LanguageIndex;
let single: LanguageIndex;

beforeAll(async () => {
  const languages = await loadLanguages(join(import.meta.dirname, "../../languages"));
  for (const [name, text] of Object.entries(serializeEach(languages))) {
    writeFileSync(join(folder, name), text);
  }
  whole = indexLanguages(languages.map((language) => ({ ...language, tests: [] })));
  single = openBuiltLanguages(folder);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("languages in a file each are found by all that they are found by in one", () => {
  const keys = (of: (language: LoadedLanguage) => readonly string[]) => whole.languages.flatMap(of);
  for (const name of [
    ...keys(({ id, aliases }) => [id, ...aliases]),
    "Python",
    "none",
    "__proto__",
  ])
    expect(single.byName(name)).toEqual(whole.byName(name));
  for (const extension of [...keys(({ extensions }) => extensions), ".C", ".none", "constructor"])
    expect(single.byExtension(extension)).toEqual(whole.byExtension(extension));
  for (const name of [...keys(({ shebangs }) => shebangs), "python3.12", "none"])
    expect(single.byShebang(`#!/usr/bin/env ${name}`)).toEqual(
      whole.byShebang(`#!/usr/bin/env ${name}`),
    );
  expect(single.names).toEqual(whole.names);
  expect(single.languages).toEqual(whole.languages);
  expect(single.byJudge0(71)).toEqual(whole.byJudge0(71));
  expect(single.byPiston("python", "*")).toEqual(whole.byPiston("python", "*"));
});

test("a missing build says so", () => {
  expect(() => openBuiltLanguages(join(folder, "none"))).toThrow(/none.*ENOENT/);
});
