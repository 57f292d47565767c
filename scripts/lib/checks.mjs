/**
 * @module
 * The checks that need no running program. Each counts as one test.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  compileC,
  compileParkLibrary,
  cSources,
  findCompilers,
  launcherFolder,
} from "../compile-launcher.mjs";
import { root } from "./artifacts.mjs";

const bin = (name) => join(root, "node_modules/.bin", name);
const EXIT_SKIPPED = 77;

/** The slowest first. */
const commands = {
  lint: [bin("eslint"), "--max-warnings", "0", "."],
  types: [bin("tsc"), "-p", "."],
  "types of the page": [bin("tsc"), "--noEmit", "-p", "web"],
  format: [bin("prettier"), "--check", "--log-level", "warn", "."],
  layers: [process.execPath, "scripts/check-layers.mjs"],
  "unused code": [bin("knip"), "--no-progress"],
  "C layout": [process.execPath, "scripts/format-c.mjs"],
};

/**
 * Runs all checks, two at a time: each uses more than one core for a part of its time only.
 *
 * @param {(result: Result) => void} onResult Called as each one ends.
 * @typedef {{ name: string, state: "passed" | "failed" | "skipped", output: string }} Result
 */
export async function runChecks(onResult) {
  const waiting = Object.entries(commands);
  const runNext = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, argv] = next;
      const { code, output } = await run(argv);
      const state = code === 0 ? "passed" : code === EXIT_SKIPPED ? "skipped" : "failed";
      onResult({ name: `check: ${name}`, state, output });
    }
  };
  await Promise.all([runNext(), runNext()]);
  for (const result of compileStrictly()) onResult(result);
}

async function run([program, ...args]) {
  const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (output += text));
  }
  const [code] = await once(child, "close");
  return { code, output: output.trim() };
}

/** The launcher compiles without a warning with every compiler of this machine, its library with one. */
function* compileStrictly() {
  // Of another name than what tests beside it look for as left behind.
  const folder = mkdtempSync(join(tmpdir(), "strict-check-"));
  try {
    for (const compiler of findCompilers("static")) {
      const name = `check: C warnings (${compiler.command})`;
      try {
        const sources = cSources(launcherFolder);
        compileC({ sources, output: join(folder, "launcher"), compiler, warnings: "errors" });
        yield { name, state: "passed", output: "" };
      } catch (error) {
        yield { name, state: "failed", output: error.message };
      }
    }
    const output = compileParkLibrary({ output: join(folder, "park.so"), warnings: "errors" });
    yield { name: "check: C warnings (park library)", state: output ? "failed" : "passed", output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
