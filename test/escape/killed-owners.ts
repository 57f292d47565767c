/**
 * @module
 * `kill -9` of the launcher and of the process that owns it: nothing may be left.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundle } from "../helpers/bundle.ts";
import { listProcesses, type HostProcess } from "../helpers/leftovers.ts";
import { attackLimits } from "./attack.ts";
import { findLeftBehind } from "./left-behind.ts";
import { createSandbox, execute, type Field } from "./run-attack.ts";

const script = "(setsid sleep 300 &) ; setsid sleep 300 & echo running; wait";

export function describeKilledOwners(field: () => Field, launcherPath: string): void {
  test("kill -9 of the launcher in the middle of a run leaves nothing", async () => {
    const sandbox = await createSandbox(field(), {}, attackLimits, []);
    try {
      let launchers: Promise<readonly HostProcess[]> | undefined;
      const run = execute(field(), sandbox, ["/bin/sh", "-c", script], {
        limits: attackLimits,
        onText: () => {
          launchers ??= killLaunchers(launcherPath);
        },
      });
      await expect(run).rejects.toMatchObject({ code: "SANDBOX_FAILED" });
      expect(await launchers!).not.toEqual([]);
    } finally {
      await sandbox.destroy();
    }
    expect(await findLeftBehind(field().leftovers)).toEqual([]);
  });

  test("kill -9 of the whole owner leaves no process, and a sweep removes the rest", async () => {
    const { leftovers, provider } = field();
    const owner = startOwner(field(), launcherPath);
    let family: readonly HostProcess[] = [];
    try {
      await once(owner.stdout, "data");
      // The owner, the supervisor, pid 1, the shell and its two daemons.
      family = await leftovers.processes();
      expect(family.length).toBeGreaterThanOrEqual(5);
    } finally {
      const exited = once(owner, "exit");
      owner.kill("SIGKILL");
      await exited;
    }
    const owners = [owner.pid ?? 0, process.pid];
    const left = await findLeftBehind(leftovers, owners);
    expect(left.filter((thing) => !thing.startsWith("cgroup "))).toEqual([]);
    await expect.poll(() => areGone(family), { timeout: 3_000 }).toBe(true);
    await provider.sweep();
    expect(await findLeftBehind(leftovers, owners)).toEqual([]);
  });
}

/** Those that this process started: the supervisor, not pid 1, which is its child. */
async function killLaunchers(launcherPath: string): Promise<readonly HostProcess[]> {
  const all = await listProcesses();
  const own = all.filter(
    ({ parent, commandLine }) => parent === process.pid && commandLine.includes(launcherPath),
  );
  for (const { pid } of own) process.kill(pid, "SIGKILL");
  return own;
}

function startOwner({ programFolder, leftovers }: Field, launcherPath: string) {
  const owner = bundle(join(import.meta.dirname, "owner.ts"), programFolder);
  const mark = leftovers.env["GLOVEBOX_TEST_MARK"] ?? "";
  return spawn(process.execPath, [owner, "linux", launcherPath, mark], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function areGone(killed: readonly HostProcess[]): Promise<boolean> {
  const alive = await listProcesses();
  return !killed.some((one) =>
    alive.some(({ pid, commandLine }) => pid === one.pid && commandLine === one.commandLine),
  );
}
