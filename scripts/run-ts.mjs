#!/usr/bin/env node
/**
 * @module
 * Runs a TypeScript program of this repository: `node scripts/run-ts.mjs FILE [ARGS…]`. Node 20
 * can't read TypeScript by itself.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { root } from "./lib/artifacts.mjs";

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write("usage: node scripts/run-ts.mjs FILE [ARGS…]\n");
  process.exit(2);
}

// Inside node_modules, so that the program finds its packages.
const cache = join(root, "node_modules/.cache");
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, "run-ts-"));
try {
  const outfile = join(folder, `${basename(file, ".ts")}.mjs`);
  await build({
    entryPoints: [file],
    outfile,
    bundle: true,
    packages: "external",
    format: "esm",
    platform: "node",
    target: "node20.19",
    sourcemap: "inline",
    logLevel: "warning",
  });
  const child = spawn(process.execPath, ["--enable-source-maps", outfile, ...args], {
    stdio: "inherit",
  });
  // Ctrl-C reaches the program by the terminal; it decides, and this process cleans up after it.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  const [code] = await once(child, "close");
  process.exitCode = code ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
