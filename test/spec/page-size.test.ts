/**
 * @module
 * What a browser loads before the page is there stays small. Reads what was built.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

const folder = join(import.meta.dirname, "../../dist/web");
const MAX_BYTES = 250_000;

/** Scripts, styles and pictures that `index.html` names, and what those import as they begin. */
function firstFiles(): ReadonlySet<string> {
  const html = readFileSync(join(folder, "index.html"), "utf8");
  const found = new Set<string>();
  const waiting = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, name]) => name);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    if (!name.endsWith(".js")) continue;
    // `import(…)` is for later.
    const imports = /\b(?:import|export)\b[^"'`()]*?["']\.\/([\w.-]+\.js)["']/g;
    const text = readFileSync(join(folder, name), "utf8");
    waiting.push(...[...text.matchAll(imports)].map(([, file = ""]) => `assets/${file}`));
  }
  return found;
}

test("the page's first load is below 250 kB, gzipped", () => {
  const files = [...firstFiles()];
  const kinds = new Set(files.map((name) => name.split(".").at(-1)));
  expect(kinds).toEqual(new Set(["js", "css", "svg"]));
  const sizes = files.map((name) => gzipSync(readFileSync(join(folder, name))).length);
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
  expect(total).toBeGreaterThan(50_000);
  expect(total, files.join(", ")).toBeLessThan(MAX_BYTES);
});

test("grammars, terminal and starters come when they are wanted", () => {
  const all = readdirSync(join(folder, "assets")).filter((name) => name.endsWith(".js"));
  expect(firstFiles().size).toBeLessThan(all.length / 2);
});
