/**
 * @module
 * The lambda provider in a real account, for who asks: `GLOVEBOX_TEST_AWS=1`, with AWS's own variables.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { glovebox } from "./cli-fixture.ts";

const isAsked = process.env["GLOVEBOX_TEST_AWS"] === "1";
const folder = mkdtempSync(join(tmpdir(), "glovebox-aws-test-"));
const AWS_MS = 180_000;

describe.skipIf(!isAsked)("AWS itself (GLOVEBOX_TEST_AWS=1 asks for it)", () => {
  afterAll(async () => {
    await glovebox(["lambda", "rm", folder], { timeoutMs: AWS_MS });
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (words: readonly string[], stdin = "") =>
    glovebox(["run", "--provider", "lambda", "--network", "all", ...words], {
      cwd: folder,
      stdin,
      timeoutMs: AWS_MS,
    });

  test(
    "a handler and a command run, and the second run only invokes",
    async () => {
      writeFileSync(
        join(folder, "test.py"),
        "def lambda_handler(event, context):\n    return event\n",
      );
      for (const a of [1, 2]) {
        const { exitCode, stdout, stderr } = await run(["./test.py"], JSON.stringify({ a }));
        expect([exitCode, stdout && (JSON.parse(stdout) as unknown)]).toEqual([0, { a }]);
        expect(stderr).toMatch(/START RequestId[\s\S]*REPORT RequestId/);
      }
      const { exitCode, stdout } = await run(["-q", "--", "sh", "-c", "cat; exit 3"], "typed\n");
      expect([exitCode, stdout]).toEqual([3, "typed\n"]);
    },
    AWS_MS,
  );

  test(
    "code in Node runs in a function that is gone then",
    async () => {
      const { stdout } = await run(["-q", "-l", "javascript", "-c", "console.log(6 * 7)"]);
      expect(stdout).toBe("42\n");
    },
    AWS_MS,
  );
});
