#!/usr/bin/env node
/**
 * @module
 * Checks the layout and the size of the C files; `--write` lays them out. Without clang-format the
 * layout is skipped with exit code 77, as in Automake, unless GLOVEBOX_REQUIRE names clang-format.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/artifacts.mjs";
import { listTree } from "./lib/publish.mjs";
import { isRequired } from "./lib/require.mjs";
import { hasProgram } from "./lib/system-packages.mjs";

const MAX_LINES = 300;
const EXIT_SKIPPED = 77;

const folder = join(root, "native");
const files = listTree(folder)
  .filter((file) => /\.[ch]$/.test(file))
  .map((file) => join(folder, file));

for (const file of files.filter((path) => !path.includes("/test/"))) {
  const lines = readFileSync(file, "utf8").split("\n").length - 1;
  if (lines > MAX_LINES) {
    process.stdout.write(`${file}: ${lines} lines, more than ${MAX_LINES}\n`);
    process.exitCode = 1;
  }
}

if (hasProgram("clang-format")) {
  const mode = process.argv.includes("--write") ? ["-i"] : ["--dry-run", "--Werror"];
  const { status } = spawnSync("clang-format", [...mode, ...files], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
} else if (isRequired("clang-format")) {
  process.stdout.write("clang-format is required (GLOVEBOX_REQUIRE) and not installed\n");
  process.exitCode = 1;
} else {
  process.stdout.write("clang-format is not installed: the layout of the C files is not checked\n");
  process.exitCode ??= EXIT_SKIPPED;
}
