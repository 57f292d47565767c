/**
 * @module
 * Programs that wait in sandboxes which nobody has asked for yet, and that something ends there: the
 * kernel for lack of memory, or an operator.
 */
import { readdir, readFile } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import type { AheadCommand } from "../../src/core/command.ts";
import type { SandboxSpec } from "../../src/core/sandbox.ts";
import { locateLauncher, locateParkLibrary } from "../../src/launcher/locate-launcher.ts";
import { createLinuxProvider } from "../../src/providers/linux/index.ts";
import { skipUnless } from "../helpers/require.ts";
import { testLimits } from "./harness.ts";

const launcherPath = await locateLauncher();
const parkLibraryPath = await locateParkLibrary(launcherPath);
const provider = createLinuxProvider({
  launcherPath,
  expects: "many",
  ...(parkLibraryPath === undefined ? {} : { parkLibraryPath }),
  pool: { size: 1, memoryBytes: 2 ** 30, fork: "off" },
});
const { available, reason } = await provider.probe();
const gap =
  skipUnless("linux", available ? undefined : reason) ??
  skipUnless("linux", parkLibraryPath === undefined ? "no park library" : undefined);
afterAll(() => provider.close());

const entry = `waits-${process.pid}.sh`;
const never = new AbortController().signal;

const place = { argv: ["sh", entry], cwd: "/workspace", env: { PATH: "/usr/bin:/bin" } };
const ahead: AheadCommand = {
  ...place,
  stdin: "empty",
  cpuTimeMs: testLimits.cpuTimeMs,
  isOwn: false,
  park: { mode: "wait", point: "open", entry },
};
const spec: SandboxSpec = {
  files: [{ path: entry, content: Buffer.from("echo hello\n") }],
  hostPrograms: [],
  enforcement: "best-effort",
  policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
  limits: testLimits,
};

async function run(): Promise<unknown> {
  await using sandbox = await provider.create(spec, never, ahead);
  const chunks: string[] = [];
  const { outcome } = await sandbox.exec(
    {
      ...place,
      stdin: "empty",
      limits: testLimits,
      onOutputLimit: "truncate",
      onOutput: (_stream, chunk) => void chunks.push(chunk.toString()),
    },
    never,
  );
  return { outcome, output: chunks.join("") };
}

const stateOf = (pid: number): Promise<string> =>
  readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");

/** 0: there is none. */
async function waitingPid(): Promise<number> {
  for (const name of (await readdir("/proc")).filter((each) => /^\d+$/.test(each))) {
    const words = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
    if (words === `sh\0${entry}\0`) return Number(name);
  }
  return 0;
}

async function parentOf(pid: number): Promise<number> {
  const [, fields = ""] = (await stateOf(pid)).split(") ");
  return Number(fields.split(" ")[1]);
}

describe.skipIf(gap !== undefined)(`a program that waits${gap ? ` (${gap})` : ""}`, () => {
  test("is not taken for the next run's once something has ended it", async () => {
    const hello = { outcome: { kind: "exited", exitCode: 0 }, output: "hello\n" };
    await expect.poll(() => provider.poolStats?.().ready, { timeout: 10_000 }).toBe(1);
    const made = provider.poolStats?.().made ?? 0;
    expect(await run()).toEqual(hello);
    await expect.poll(() => provider.poolStats?.().made, { timeout: 10_000 }).toBe(made + 1);
    const pid = await waitingPid();
    expect(pid).toBeGreaterThan(0);
    const supervisor = await parentOf(await parentOf(pid));
    process.kill(pid, "SIGKILL");
    await expect.poll(() => stateOf(supervisor), { timeout: 10_000 }).toBe("");
    expect(await run()).toEqual(hello);
  }, 40_000);
});
