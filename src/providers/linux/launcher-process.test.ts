import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { startLauncher } from "./launcher-process.ts";

const folder = mkdtempSync(join(tmpdir(), "glovebox-launcher-test-"));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("a launcher that reported an error is ended at once, whatever it still waits for", async () => {
  const path = join(folder, "launcher.cjs");
  const late = join(folder, "late");
  const script = `require("fs").writeSync(4, "error no such limit\\n");
setTimeout(() => require("fs").writeFileSync(${JSON.stringify(late)}, ""), 4000);`;
  writeFileSync(path, `#!${process.execPath}\n${script}`);
  chmodSync(path, 0o755);
  const launcher = startLauncher(path);
  expect(await launcher.nextStatus()).toEqual({ kind: "error", text: "no such limit" });
  await launcher.end();
  expect(existsSync(late)).toBe(false);
  // So that the owner removes what the launcher could not.
  expect(launcher.failure()).toContain("SIGKILL");
});
