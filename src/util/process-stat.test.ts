import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readProcessStat } from "./process-stat.ts";

test("is read past a name with brackets and spaces, and ends with the process", async () => {
  const folder = mkdtempSync(join(tmpdir(), "glovebox-stat-test-"));
  const program = join(folder, "a) Z (b");
  copyFileSync("/bin/cat", program);
  const child = spawn(program, { detached: true, stdio: ["pipe", "pipe", "ignore"] });
  const exit = once(child, "exit");
  try {
    child.stdin.write("x");
    await once(child.stdout, "data");
    const pid = child.pid ?? 0;
    const stat = readProcessStat(pid);
    expect(stat).toMatchObject({ processGroup: pid, foregroundGroup: -1 });
    expect(stat?.state).toMatch(/^[RS]$/);
    expect(Number(stat?.startTicks)).toBeGreaterThanOrEqual(
      Number(readProcessStat("self")?.startTicks),
    );
    child.stdin.end();
    await exit;
    expect(readProcessStat(pid)).toBeUndefined();
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
});
