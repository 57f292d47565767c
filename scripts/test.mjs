#!/usr/bin/env node
/**
 * @module
 * All tests: the checks, the C tests, vitest as this user and, from root, what needs a sandbox once
 * more as an ordinary user. The last line is `N passed, N failed`, with `, N skipped` where some were.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileC, cSources, launcherFolder } from "./compile-launcher.mjs";
import { hasSanitizers, runCTests } from "./lib/c-tests.mjs";
import { runChecks } from "./lib/checks.mjs";
import { prepareOrdinaryUser } from "./lib/ordinary-user.mjs";
import { isRequired } from "./lib/require.mjs";
import { Tally } from "./lib/tally.mjs";
import { runVitest } from "./lib/vitest-run.mjs";

/** Of one pass. That of root with both OCI runtimes takes twelve minutes on two cores. */
const VITEST_TIMEOUT_MS = 30 * 60_000;
const sandboxProjects = ["native", "conformance", "escape", "e2e"];
const allProjects = ["unit", "spec", ...sandboxProjects];

const tally = new Tally();
// Not below TMPDIR: the ordinary user must be able to reach it.
const folder = mkdtempSync(join(process.getuid() === 0 ? "/tmp" : tmpdir(), "glovebox-test-"));
try {
  for (const result of runCTests(folder)) tally.add(result);
  const env = { ...process.env, GLOVEBOX_NO_BUILD: "1", ...sanitizedLauncher() };
  // Beside the first tests, which wait for containers most of the time.
  await Promise.all([runChecks((result) => tally.add(result)), testAsThisUser(env)]);
  await testAsOrdinaryUser(env);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
tally.finish();

/** Tests find the sanitized launcher by this variable, and skip what needs it without. */
function sanitizedLauncher() {
  if (!hasSanitizers()) return {};
  const output = join(folder, "launcher-sanitized");
  try {
    compileC({ sources: cSources(launcherFolder), output, mode: "sanitize" });
  } catch (error) {
    tally.add({ name: "C: sanitized launcher", state: "failed", output: error.message });
    return {};
  }
  chmodSync(folder, 0o755);
  return { GLOVEBOX_SANITIZED_LAUNCHER: output };
}

async function testAsThisUser(env) {
  const label = process.getuid() === 0 ? "root" : "user";
  const results = await runVitest({
    label,
    projects: allProjects,
    resultFile: join(folder, "results.json"),
    env: { ...env, GLOVEBOX_TEST_AS: label },
    timeoutMs: VITEST_TIMEOUT_MS,
  });
  for (const result of results) tally.count(result);
}

async function testAsOrdinaryUser(env) {
  if (process.getuid() !== 0) return;
  const userFolder = join(folder, "user");
  mkdirSync(userFolder);
  const user = prepareOrdinaryUser(userFolder);
  if (user.reason !== undefined) {
    const state = isRequired("user") ? "failed" : "skipped";
    tally.add({ name: "tests as an ordinary user", state, output: user.reason });
    return;
  }
  const results = await runVitest({
    label: "user",
    projects: sandboxProjects,
    resultFile: join(user.home, "results.json"),
    wrap: user.wrap,
    cwd: user.checkout,
    env: { ...env, ...user.env, GLOVEBOX_TEST_AS: "user", GLOVEBOX_TEST_PASS: "second" },
    timeoutMs: VITEST_TIMEOUT_MS,
  });
  for (const result of results) tally.count(result);
}
