/**
 * @module
 * What a browser loads before the page is there stays small. Reads what was built.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { firstFiles, firstLoadBytes } from "../../bench/first-load.ts";

const folder = join(import.meta.dirname, "../../dist/web");
const MAX_BYTES = 250_000;

test("the page's first load is below 250 kB, gzipped", () => {
  const kinds = new Set([...firstFiles(folder)].map((name) => name.split(".").at(-1)));
  expect(kinds).toEqual(new Set(["js", "css", "svg"]));
  const total = firstLoadBytes(folder);
  expect(total).toBeGreaterThan(50_000);
  expect(total).toBeLessThan(MAX_BYTES);
});

test("grammars, terminal and starters come when they are wanted", () => {
  const all = readdirSync(join(folder, "assets")).filter((name) => name.endsWith(".js"));
  expect(firstFiles(folder).size).toBeLessThan(all.length / 2);
});
