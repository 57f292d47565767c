/**
 * @module
 * Tests of the launcher's own C code: each `native/launcher/test/*.c` is a program that is compiled
 * with the launcher's files (all but main.c) and the sanitizers. It passes with exit code 0 and is
 * skipped with 77; what it prints is why.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { compileC, cSources, findCompilers, launcherFolder } from "../compile-launcher.mjs";
import { isRequired } from "./require.mjs";

const TIMEOUT_MS = 120_000;
const states = { 0: "passed", 77: "skipped" };

/** True if this machine can make and run programs with sanitizers. */
export function hasSanitizers() {
  return findCompilers("sanitize").length > 0;
}

export function* runCTests(folder) {
  const testFolder = join(launcherFolder, "test");
  const tests = existsSync(testFolder) ? cSources(testFolder) : [];
  const canCompile = hasSanitizers();
  const parts = cSources(launcherFolder).filter((file) => basename(file) !== "main.c");
  for (const test of tests) {
    const name = `C: ${basename(test)}`;
    if (!canCompile) {
      const state = isRequired("sanitizers") ? "failed" : "skipped";
      yield { name, state, output: "no C compiler with AddressSanitizer" };
      continue;
    }
    yield { name, ...runOne(test, parts, join(folder, basename(test, ".c"))) };
  }
}

function runOne(test, parts, output) {
  try {
    compileC({ sources: [test, ...parts], output, mode: "sanitize", warnings: "errors" });
  } catch (error) {
    return { state: "failed", output: error.message };
  }
  const { status, signal, stdout, stderr } = spawnSync(output, [], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const state = states[status] ?? "failed";
  const end = state === "failed" ? `\nended with ${signal ?? `code ${status}`}` : "";
  return { state, output: `${stdout}${stderr}${end}`.trim() };
}
