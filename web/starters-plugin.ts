/**
 * @module
 * The starter program of each language as a module of the page: `virtual:starters`.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";
import { parse } from "yaml";
import { languageSchema } from "../src/core/language.ts";
import { mainFileOf } from "../src/languages/from-code.ts";

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

export function readStarters(
  folder: string,
): Readonly<Record<string, { path: string; content: string }>> {
  const rows = readdirSync(folder).flatMap((id) => {
    const file = join(folder, id, "language.yaml");
    if (!existsSync(file)) return [];
    const language = languageSchema.parse(parse(readFileSync(file, "utf8")));
    const content = readFileSync(join(folder, id, language.hello), "utf8");
    const path = mainFileOf(language, Buffer.from(content));
    return [[id, { path, content }] as const];
  });
  return Object.fromEntries(rows);
}
