import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { LoadedLanguage } from "../core/language.ts";
import { loadLanguages } from "../languages/load.ts";
import { describeLanguages, languagesDocument } from "./format-languages.ts";

let languages: readonly LoadedLanguage[];
beforeAll(async () => {
  languages = await loadLanguages(join(import.meta.dirname, "../../languages"));
});
const plain = (_format: unknown, text: string): string => text;
const host = { programs: "host" } as const;

test("with nothing installed all lines fit into 80 columns and name the command", () => {
  const lines = describeLanguages(host, languages, [], plain).trimEnd().split("\n");
  expect(lines).toHaveLength(languages.length + 1);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.find((line) => line.startsWith("lua "))).toMatch(
    /^lua +Lua +glovebox languages install lua$/,
  );
});

test("further versions have lines of their own, with what they take", () => {
  const lua = languages.filter(({ id }) => id === "lua");
  const runtimes = [
    { languageId: "lua", version: "5.4.4", sizeBytes: undefined },
    {
      languageId: "lua",
      version: "5.4.6",
      image: "localhost/glovebox/lua:debian",
      sizeBytes: 104_000_000,
    },
    { languageId: "lua", version: "5.3.6", image: "lua:5.3", sizeBytes: undefined },
  ];
  const [, first = "", ...others] = describeLanguages(host, lua, runtimes, plain).split("\n");
  expect(first).toMatch(/^lua +Lua +5\.4\.4$/);
  const indent = " ".repeat(first.indexOf("5.4.4"));
  expect(others).toEqual([`${indent}5.4.6 (made here, 104.0 MB)`, `${indent}5.3.6 (lua:5.3)`, ""]);
});

test("what npm brought has a size", () => {
  const deno = languages.filter(({ id }) => id === "deno");
  const runtimes = [{ languageId: "deno", version: "2.9.6", sizeBytes: 95_614_874 }];
  expect(describeLanguages(host, deno, runtimes, plain)).toContain(" 2.9.6 (npm, 95.6 MB)\n");
});

test("--json has the mode of an editor, null where there is none", () => {
  const some = languages.filter(({ id }) => ["awk", "cpp"].includes(id));
  expect(languagesDocument(host, some, [])).toMatchObject({
    languages: [
      { id: "awk", highlight: null },
      { id: "cpp", highlight: "C++" },
    ],
  });
});
