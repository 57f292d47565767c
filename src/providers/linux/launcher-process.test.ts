import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { startLauncher } from "./launcher-process.ts";

const folder = mkdtempSync(join(tmpdir(), "glovebox-launcher-test-"));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A program in the launcher's place, which speaks on its status fd. */
function launcherThat(does: string): string {
  const path = join(folder, "launcher.cjs");
  writeFileSync(path, `#!${process.execPath}\n${does}`);
  chmodSync(path, 0o755);
  return path;
}

test("a launcher that is killed says so, and its last words are heard", async () => {
  const launcher = startLauncher(
    launcherThat(`require("fs").writeSync(4, "error no such limit\\n");
process.kill(process.pid, "SIGKILL");`),
  );
  expect(await launcher.nextStatus()).toEqual({ kind: "error", text: "no such limit" });
  expect(await launcher.nextStatus()).toBeUndefined();
  expect(launcher.failure()).toContain("SIGKILL");
  await launcher.end();
});

test("a launcher ends when its owner lets go of it", async () => {
  const launcher = startLauncher(
    launcherThat(`require("fs").createReadStream(null, { fd: 3 }).on("end", () => process.exit(0)).resume();
require("fs").writeSync(4, "ready\\n");`),
  );
  expect(await launcher.nextStatus()).toEqual({ kind: "ready" });
  await launcher.end();
  expect(launcher.failure()).toBeUndefined();
});

test("a launcher that can't be started is a failure with its path", async () => {
  const path = join(folder, "missing");
  const launcher = startLauncher(path);
  expect(await launcher.nextStatus()).toBeUndefined();
  expect(launcher.failure()).toContain(`cannot start ${path}`);
  await launcher.end();
});

test("who waits for a word of a launcher that is let go of hears of its end", async () => {
  // Its status stream is held open by another process, as by one that is being killed.
  const launcher = startLauncher(
    launcherThat(`require("child_process").spawn("sleep", ["5"], { stdio: ["ignore", "ignore", "ignore", "ignore", 4] }).unref();
require("fs").createReadStream(null, { fd: 3 }).on("end", () => process.exit(0)).resume();`),
  );
  const word = launcher.nextStatus();
  await launcher.end();
  expect(await word).toBeUndefined();
});
