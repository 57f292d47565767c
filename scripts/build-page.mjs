#!/usr/bin/env node
/**
 * @module
 * Builds the page: `web/` to `dist/web`, each file beside its compressed forms.
 */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { artifacts, readInputs, root, writeStamp } from "./lib/artifacts.mjs";
import { thirdPartyNotices } from "./lib/notices.mjs";
import { listTree, publish, removeOlder } from "./lib/publish.mjs";
import { runMain, SetupError } from "./lib/say.mjs";

const dist = join(root, "dist");
const TEMPORARY = ".page-";
/** A page that is open may still load a part of an older build. */
const KEEP_OLD_MS = 60 * 60 * 1000;
/** Smaller ones would not be sent in fewer packets. */
const MIN_COMPRESSED_BYTES = 1024;
/** Of 11: the rest costs three times the time for a hundredth of the size. */
const BROTLI_QUALITY = 9;

/** @throws {SetupError} with the bundler's messages. */
export async function buildPage() {
  const made = readInputs(artifacts.page);
  mkdirSync(dist, { recursive: true });
  for (const name of readdirSync(dist)) {
    if (name.startsWith(TEMPORARY)) removeOlder(join(dist, name), KEEP_OLD_MS);
  }
  const temporary = mkdtempSync(join(dist, TEMPORARY));
  try {
    const packages = await bundle(temporary);
    await bundleEmbed(temporary);
    const notices = thirdPartyNotices(root, packages, "This folder contains");
    writeFileSync(join(temporary, "THIRD-PARTY-NOTICES.txt"), notices);
    compressAll(join(temporary, "assets"));
    chmodSync(temporary, 0o755);
    const to = join(dist, "web");
    publish({ from: temporary, to, last: ["index.html"], keep: [], keepOldMs: KEEP_OLD_MS });
    writeStamp(artifacts.page, made);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** @returns Files that are in it, relative to the root. */
async function bundle(outDir) {
  const { build } = await import("vite");
  const configFile = join(root, "web/vite.config.ts");
  const inputs = new Set();
  try {
    await build({
      configFile,
      configLoader: "runner",
      logLevel: "error",
      build: { outDir, emptyOutDir: false },
      plugins: [
        {
          name: "inputs",
          moduleParsed: ({ id }) => void inputs.add(id.replace(`${root}/`, "").replace(/\?.*/, "")),
        },
      ],
    });
  } catch (error) {
    throw new SetupError(`the page could not be built:\n${error.message}`);
  }
  return [...inputs].filter((id) => !id.startsWith("\0"));
}

/** One file, which pages of other sites load. */
async function bundleEmbed(outDir) {
  const { build } = await import("esbuild");
  await build({
    absWorkingDir: root,
    entryPoints: { embed: "web/src/embed/embed.ts" },
    outdir: outDir,
    bundle: true,
    format: "iife",
    target: ["chrome115", "firefox115", "safari16.4"],
    minify: true,
    legalComments: "none",
    logLevel: "silent",
  }).catch((error) => {
    throw new SetupError(`embed.js could not be built:\n${error.message}`);
  });
}

function compressAll(folder) {
  for (const name of listTree(folder)) {
    const path = join(folder, name);
    const bytes = readFileSync(path);
    if (bytes.length < MIN_COMPRESSED_BYTES || !/\.(js|css|svg)$/.test(name)) continue;
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
    const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
    writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runMain(buildPage);
