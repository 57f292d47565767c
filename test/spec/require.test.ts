import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isRequired } from "../helpers/require.ts";

const root = join(import.meta.dirname, "../..");

/** Runs a file of tests that needs the feature `docker` with a vitest of its own. */
function runTests(reason: string | undefined, required: string): number | null {
  const folder = mkdtempSync(join(tmpdir(), "glovebox-require-test-"));
  try {
    const helper = join(root, "test/helpers/require.ts");
    const vitest = join(root, "node_modules/vitest/dist/index.js");
    writeFileSync(
      join(folder, "needs-docker.test.ts"),
      `import { test } from ${JSON.stringify(vitest)};
import { skipUnless } from ${JSON.stringify(helper)};
const gap = skipUnless("docker", ${JSON.stringify(reason)});
test.skipIf(gap !== undefined)("runs", () => {});`,
    );
    const args = ["run", "--root", folder, "--configLoader=runner"];
    const { status } = spawnSync(
      process.execPath,
      [join(root, "node_modules/vitest/vitest.mjs"), ...args],
      { env: { ...process.env, GLOVEBOX_REQUIRE: required }, timeout: 60_000 },
    );
    return status;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each<[name: string, reason: string | undefined, required: string, status: number]>([
  ["is skipped where nobody demands it", "no docker here", "", 0],
  ["is skipped where others are demanded", "no docker here", "linux,user", 0],
  ["fails where it is demanded", "no docker here", "linux, docker", 1],
  ["runs where the host has it", undefined, "docker", 0],
])("a test whose feature is missing %s", { timeout: 60_000 }, (_name, reason, required, status) => {
  expect(runTests(reason, required)).toBe(status);
});

test("a feature is demanded by its whole name", () => {
  const before = process.env["GLOVEBOX_REQUIRE"];
  process.env["GLOVEBOX_REQUIRE"] = "linux-user, docker";
  try {
    expect(["linux", "docker", "linux-user", ""].filter(isRequired)).toEqual([
      "docker",
      "linux-user",
    ]);
  } finally {
    if (before === undefined) delete process.env["GLOVEBOX_REQUIRE"];
    else process.env["GLOVEBOX_REQUIRE"] = before;
  }
});
