#!/usr/bin/env node
/**
 * @module
 * Makes a checkout ready to run: npm packages, what the system lacks, the launcher, the program.
 * Does nothing, and writes nothing, where all of it is there. Needs only Node and npm.
 */
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { artifacts, isStale, readInputs, root, writeStamp } from "./lib/artifacts.mjs";
import { runMain, say, SetupError } from "./lib/say.mjs";

const minimumNode = [20, 19];

export async function setUp() {
  checkNode();
  const { dependenciesAreStale } = await import("./lib/dependencies.mjs");
  const { installPackages, missingPackages } = await import("./lib/system-packages.mjs");
  const isReady = () =>
    !dependenciesAreStale() && !Object.values(artifacts).some((artifact) => isStale(artifact));

  const missing = missingPackages();
  if (missing.length > 0) installPackages(missing);
  if (isReady()) return;
  checkWritable();
  const { withLock } = await import("./lib/lock.mjs");
  // What was stale may be ready once the lock is ours: every part looks again.
  await withLock(root, makeReady);
}

async function makeReady(lockFd) {
  // First, and long before npm is done: it is what fails where the machine lacks a compiler.
  if (isStale(artifacts.launcher)) await buildLauncher();
  const { dependenciesAreStale, installDependencies } = await import("./lib/dependencies.mjs");
  if (dependenciesAreStale()) await installDependencies(lockFd);
  if (isStale(artifacts.program)) {
    say("building the program");
    const { buildProgram } = await import("./build.mjs");
    await buildProgram();
  }
  if (isStale(artifacts.page)) {
    say("building the page");
    const { buildPage } = await import("./build-page.mjs");
    await buildPage();
  }
}

async function buildLauncher() {
  say("compiling the launcher");
  const { compileC, compileParkLibrary, cSources, launcherFolder, parkLibraryOf } =
    await import("./compile-launcher.mjs");
  const made = readInputs(artifacts.launcher);
  try {
    const output = join(root, artifacts.launcher.output);
    process.stderr.write(compileC({ sources: cSources(launcherFolder), output }));
    process.stderr.write(compileParkLibrary({ output: parkLibraryOf(output) }));
  } catch (error) {
    throw new SetupError(error.message);
  }
  writeStamp(artifacts.launcher, made);
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [needMajor, needMinor] = minimumNode;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  throw new SetupError(
    `this is Node ${process.versions.node} (${process.execPath}); Node ${minimumNode.join(".")} ` +
      "or newer is needed. Get it from https://nodejs.org or with nvm.",
  );
}

function checkWritable() {
  try {
    accessSync(root, constants.W_OK);
  } catch {
    throw new SetupError(
      `${root} must be built, but this user can't write to it. ` +
        "Run `npm start` or `node scripts/setup.mjs` once as its owner.",
    );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runMain(setUp);
