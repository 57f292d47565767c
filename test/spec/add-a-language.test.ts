import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/add-a-language.md"), "utf8");

/** The code block after a comment with the path of the file that it shows. */
const shown = [...page.matchAll(/<!-- (languages\/\S+) -->\n\n?```\w+\n([^]*?)```/g)];

test("docs/add-a-language.md shows a language as it is", () => {
  expect(shown).toHaveLength(1);
  for (const [, path = "", text] of shown) {
    expect(text).toBe(readFileSync(join(root, path), "utf8"));
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
