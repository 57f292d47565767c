/**
 * @module
 * Programs of tests that run as processes of their own.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";

const banner =
  'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);';

/**
 * Bundled, because Node 20 can't read TypeScript.
 *
 * @returns The path of the program in the folder.
 */
export function bundle(entry: string, folder: string): string {
  const outfile = join(folder, `${basename(entry, ".ts")}.mjs`);
  // Where it looks for its package.
  writeFileSync(join(folder, "package.json"), "{}");
  // Not esbuild's functions: they leave a process of their own running.
  execFileSync(createRequire(import.meta.url).resolve("esbuild/bin/esbuild"), [
    entry,
    `--outfile=${outfile}`,
    `--banner:js=${banner}`,
    ...["--bundle", "--platform=node", "--format=esm", "--target=node20", "--log-level=warning"],
  ]);
  return outfile;
}
