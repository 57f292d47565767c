#!/usr/bin/env node
/**
 * @module
 * Builds the program: `dist` mirrors `src` for users of the library, `dist/cli.js` with its chunks is
 * the CLI in few files, `dist/quick-*.cjs` most of it once more for a quick start, `dist/languages.json`
 * the checked content of `languages/`, and `dist/language-data` the same in a file each.
 *
 * Types are not checked here: `npm run check` does it, and a start must not wait for it.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { artifacts, readInputs, root, writeStamp } from "./lib/artifacts.mjs";
import { thirdPartyNotices } from "./lib/notices.mjs";
import { packModules } from "./lib/pack-modules.mjs";
import { publish, removeOlder } from "./lib/publish.mjs";
import { runMain, SetupError } from "./lib/say.mjs";

const dist = join(root, "dist");
const TEMPORARY = ".build-";

/** How long what an older build left stays: a program that is running may still load a part of it. */
const KEEP_OLD_MS = 60 * 60 * 1000;

/**
 * @param {{ keepOldMs?: number }} options
 * @throws {SetupError} with the compiler's messages.
 */
export async function buildProgram({ keepOldMs = KEEP_OLD_MS } = {}) {
  const made = readInputs(artifacts.program);
  mkdirSync(dist, { recursive: true });
  // What a killed build left.
  for (const name of readdirSync(dist)) {
    if (name.startsWith(TEMPORARY)) removeOlder(join(dist, name), keepOldMs);
  }
  // Inside `dist`: a rename must not cross file systems, and modules in it find their packages.
  const temporary = mkdtempSync(join(dist, TEMPORARY));
  try {
    compileTypeScript(temporary);
    const isBuild = { __GLOVEBOX_BUILD__: JSON.stringify(made.content) };
    await bundleCli(temporary, isBuild);
    await bundleQuickCli(temporary, isBuild);
    await writeLanguages(temporary);
    // mkdtemp makes it private; its files keep the modes that the umask gave them.
    chmodSync(temporary, 0o755);
    publish({
      from: temporary,
      to: dist,
      last: [
        "index.js",
        "cli.js",
        "quick-rest.cjs",
        "quick-ask.cjs",
        "quick-run.cjs",
        "quick-start.cjs",
      ],
      keep: ["launcher", "web", ".program.stamp", ".launcher.stamp", ".page.stamp", ".apt-failed"],
      keepOldMs,
    });
    writeStamp(artifacts.program, made);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function compileTypeScript(outDir) {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const args = [tsc, "-p", "tsconfig.build.json", "--noCheck", "--outDir", outDir];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new SetupError(`the TypeScript compiler failed:\n${stdout}`);
}

/** They find files of their own by their place: native code, pages. Traces and AWS are for few. */
const unbundled = ["libsql", "@fastify/swagger-ui", "@opentelemetry/*", "@aws-sdk/*"];

async function bundleCli(outDir, define) {
  const { build } = await import("esbuild");
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { cli: "src/cli/main.ts" },
    outdir: outDir,
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    metafile: true,
    logLevel: "silent",
    external: unbundled,
    define,
    // CommonJS packages in the bundle load Node's own modules with `require`.
    banner: {
      js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
    },
  }).catch((error) => {
    throw new SetupError(`the bundler failed:\n${error.message}`);
  });
  writeFileSync(
    join(outDir, "THIRD-PARTY-NOTICES.txt"),
    thirdPartyNotices(
      root,
      Object.keys(metafile.inputs),
      "cli.js, chunks/ and quick-*.cjs contain",
    ),
  );
}

/**
 * The same CLI without servers and what is theirs, in few files that `bin/glovebox` loads by itself:
 * `start` is what every `glovebox run` needs, `run` what makes its sandbox, `ask` what it takes to ask
 * somebody, `rest` all else. Node's own
 * loaders would take longer for the files than the program for its work.
 */
async function bundleQuickCli(outDir, define) {
  const { build, transform } = await import("esbuild");
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { cli: "src/cli/main.ts" },
    outdir: outDir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "silent",
    metafile: true,
    write: false,
    external: unbundled,
    define: { ...define, "import.meta.url": "__url" },
    plugins: [
      {
        name: "without-servers",
        setup: ({ onResolve }) => {
          onResolve(
            { filter: /\/(app-server\.ts|keys-work\.ts|(server|config|remote)\/)/ },
            ({ path, kind }) => (kind === "dynamic-import" ? { path, external: true } : undefined),
          );
        },
      },
    ],
  }).catch((error) => {
    throw new SetupError(`the bundler failed:\n${error.message}`);
  });
  const modules = new Map();
  for (const { path, text } of outputFiles) {
    const { code } = await transform(text, {
      format: "cjs",
      platform: "node",
      target: "node20.19",
      minifySyntax: true,
      minifyWhitespace: true,
      supported: { "dynamic-import": false },
    });
    modules.set(basename(path), code);
  }
  for (const [name, text] of Object.entries(packModules(modules, metafile))) {
    writeFileSync(join(outDir, `quick-${name}.cjs`), text);
  }
}

async function writeLanguages(outDir) {
  const load = (file) => import(pathToFileURL(join(outDir, file)).href);
  const { loadLanguages } = await load("languages/load.js");
  const { serializeEach, serializeLanguages } = await load("languages/serialize.js");
  const languages = await loadLanguages(join(root, "languages")).catch((error) => {
    throw new SetupError(error.message);
  });
  writeFileSync(join(outDir, "languages.json"), serializeLanguages(languages));
  mkdirSync(join(outDir, "language-data"));
  for (const [name, text] of Object.entries(serializeEach(languages))) {
    writeFileSync(join(outDir, "language-data", name), text);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // `--clean`: for a package, which must hold nothing of older builds.
  await runMain(() => buildProgram(process.argv.includes("--clean") ? { keepOldMs: 0 } : {}));
}
