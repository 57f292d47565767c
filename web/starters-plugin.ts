/**
 * @module
 * The starter program of each language as a module of the page: `virtual:starters`.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";
import { parse } from "yaml";

const NAME = "virtual:starters";

/** @param folder `languages`, where the data of each language is. */
export function starters(folder: string): Plugin {
  return {
    name: "starters",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load: (id) =>
      id === `\0${NAME}` ? `export default ${JSON.stringify(readStarters(folder))}` : undefined,
  };
}

function readStarters(folder: string): Readonly<Record<string, { path: string; content: string }>> {
  const rows = readdirSync(folder).flatMap((id) => {
    const file = join(folder, id, "language.yaml");
    if (!existsSync(file)) return [];
    const { mainFile, hello } = parse(readFileSync(file, "utf8")) as {
      readonly mainFile: string;
      readonly hello: string;
    };
    const content = readFileSync(join(folder, id, hello), "utf8");
    return [[id, { path: mainFile, content }] as const];
  });
  return Object.fromEntries(rows);
}
