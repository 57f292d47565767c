import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { languageSchema } from "../../src/core/language.ts";
import { loadLanguages } from "../../src/languages/load.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const page = read("docs/add-a-language.md");

/** The code block after a comment with the path of the file that it shows. */
const shown = [...page.matchAll(/<!-- (languages\/\S+) -->\n\n?```\w+\n([^]*?)```/g)];

test("docs/add-a-language.md shows a language as it is", () => {
  expect(shown).toHaveLength(1);
  for (const [, path = "", text] of shown) {
    expect(text).toBe(read(path));
  }
});

test("and its examples are languages", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| "));
  const names = rows.flatMap((row) => (row.split("|")[3] ?? "").split(",")).map((it) => it.trim());
  const examples = names.filter((name) => /^[a-z]/.test(name) && name !== "example");
  expect(examples.length).toBeGreaterThan(10);
  for (const name of examples) {
    expect(existsSync(join(root, "languages", name, "language.yaml")), name).toBe(true);
  }
});

test("and its table of fields has those that must be there", () => {
  const [, table = ""] = /\| field \|[^\n]*\n[^\n]*\n((?:\|[^\n]*\n)+)/.exec(page) ?? [];
  const fields = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, field]) => field);
  const required = Object.entries(languageSchema.shape)
    .filter(([, schema]) => !schema.safeParse(undefined).success)
    .map(([field]) => field);
  expect(fields).toEqual(required);
});

test.each([
  ["README.md", /^(\d+) languages from source/m],
  ["CHANGELOG.md", /^- (\d+) languages as data/m],
])("%s has the number of languages", async (path, pattern) => {
  const { length } = await loadLanguages(join(root, "languages"));
  expect(pattern.exec(read(path))?.[1]).toBe(String(length));
});

test("the table of docs/languages.md has each of them", async () => {
  const [, table = ""] =
    /<!-- table: [^\n]*([^]*?)<!-- end of table/.exec(read("docs/languages.md")) ?? [];
  const ids = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, id]) => id);
  expect(ids).toEqual((await loadLanguages(join(root, "languages"))).map(({ id }) => id));
});
