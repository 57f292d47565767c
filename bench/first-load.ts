/**
 * @module
 * What a browser loads before the page is there, of a page that was built.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/**
 * Scripts, styles and pictures that `index.html` names, and what those import as they begin.
 *
 * @param folder `dist/web`.
 */
export function firstFiles(folder: string): ReadonlySet<string> {
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

export function firstLoadBytes(folder: string): number {
  return [...firstFiles(folder)]
    .map((name) => gzipSync(readFileSync(join(folder, name))).length)
    .reduce((sum, bytes) => sum + bytes, 0);
}
