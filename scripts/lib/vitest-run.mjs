/**
 * @module
 * Runs vitest and reads what it found.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./artifacts.mjs";

/**
 * @param {{ label: string, projects: readonly string[], resultFile: string,
 *   wrap?: (argv: readonly string[]) => readonly string[], cwd?: string,
 *   env: Readonly<Record<string, string>>, timeoutMs: number }} options
 *   `wrap` turns the command into one that runs it as another user.
 * @returns {Promise<Result[]>} One for each test, and one for each file or hook that failed outside of tests.
 */
export async function runVitest(options) {
  const {
    label,
    projects,
    resultFile,
    wrap = (argv) => argv,
    cwd = root,
    env,
    timeoutMs,
  } = options;
  const [program, ...args] = wrap([
    process.execPath,
    join(cwd, "node_modules/vitest/vitest.mjs"),
    "run",
    // The other loaders write into node_modules, which need not be ours.
    "--configLoader=runner",
    "--passWithNoTests",
    ...projects.map((project) => `--project=${project}`),
    "--reporter=default",
    `--reporter=${join(cwd, "scripts/lib/results-reporter.mjs")}`,
  ]);
  // A group of its own, so that at the time limit all of it can be ended.
  const child = spawn(program, args, {
    cwd,
    env: { ...env, GLOVEBOX_TEST_RESULTS: resultFile },
    stdio: ["ignore", 1, 2],
    detached: true,
  });
  const timer = setTimeout(() => process.kill(-child.pid, "SIGKILL"), timeoutMs);
  const stop = (signal) => process.kill(-child.pid, signal);
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const [code, signal] = await once(child, "close");
  clearTimeout(timer);
  process.off("SIGINT", stop).off("SIGTERM", stop);
  return [...readResults(resultFile, label), ...ownEnd({ label, code, signal, resultFile })];
}

function readResults(resultFile, label) {
  if (!existsSync(resultFile)) return [];
  const results = JSON.parse(readFileSync(resultFile, "utf8"));
  return results.map(({ file, name, state, output }) => ({
    name: [
      label,
      file.replace(/^.*?\/((?:src|test|scripts|native)\/)/, "$1"),
      ...(name === "" ? [] : [name]),
    ].join(": "),
    state,
    output: withoutRunnerFrames(output),
  }));
}

/** A failed test is explained by its own lines, not by the runner's. */
function withoutRunnerFrames(text) {
  const isRunner = (line) => /^\s+at .*(\/node_modules\/|node:internal\/|new Promise)/.test(line);
  return text
    .split("\n")
    .filter((line) => !isRunner(line))
    .join("\n");
}

/** An end that no test accounts for: a crash, the time limit, an error outside of all tests. */
function ownEnd({ label, code, signal, resultFile }) {
  const isExplained =
    code === 0 ||
    (code === 1 && readResults(resultFile, label).some(({ state }) => state === "failed"));
  if (isExplained) return [];
  const output = `vitest ended with ${signal ?? `code ${code}`} and no failed test: see its output above`;
  return [{ name: `${label}: vitest`, state: "failed", output }];
}
