import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { LoadedLanguage } from "../core/language.ts";
import { loadLanguages } from "../languages/load.ts";
import { describeLanguages } from "./format-languages.ts";

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
      image: "glovebox/lua:debian",
      sizeBytes: 104_000_000,
    },
  ];
  const [, first = "", second = ""] = describeLanguages(host, lua, runtimes, plain).split("\n");
  expect(first).toMatch(/^lua +Lua +5\.4\.4$/);
  expect(second).toBe(`${" ".repeat(first.indexOf("5.4.4"))}5.4.6 (glovebox/lua:debian, 104.0 MB)`);
});
