/**
 * @module
 * Programs that wait in sandboxes which nobody has asked for yet, and that something ends there: the
 * kernel for lack of memory, or an operator.
 */
import { readdir, readFile } from "node:fs/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { AheadCommand } from "../../src/core/command.ts";
import type { Provider } from "../../src/core/provider.ts";
import type { SandboxSpec } from "../../src/core/sandbox.ts";
import { aheadGap, createAheadProvider } from "../helpers/ahead-provider.ts";
import { createLeftoverCheck } from "../helpers/leftovers.ts";
import { testLimits } from "./harness.ts";

const providerOf = (fork: "on" | "off", keepsNone = false): Provider =>
  createAheadProvider({ size: 1, fork, keepsNone });
/** Of the test that runs. */
let provider = providerOf("off");
const gap = await aheadGap();
afterEach(() => provider.close());

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

const hello = { outcome: { kind: "exited", exitCode: 0 }, output: "hello\n" };

async function run(command = ahead, wallTimeMs = testLimits.wallTimeMs): Promise<unknown> {
  const limits = { ...testLimits, wallTimeMs };
  await using sandbox = await provider.create({ ...spec, limits }, never, command);
  const chunks: string[] = [];
  const { outcome } = await sandbox.exec(
    {
      ...place,
      stdin: "empty",
      limits,
      onOutputLimit: "truncate",
      onOutput: (_stream, chunk) => void chunks.push(chunk.toString()),
    },
    never,
  );
  return { outcome, output: chunks.join("") };
}

const stateOf = (pid: number): Promise<string> =>
  readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");

/** Of whose words these are a part. */
async function pidsWith(part: string): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) =>
      (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).includes(part),
    ),
  );
  return pids.filter((_, index) => found[index]).map(Number);
}

async function parentOf(pid: number): Promise<number> {
  const [, fields = ""] = (await stateOf(pid)).split(") ");
  return Number(fields.split(" ")[1]);
}

describe.skipIf(gap !== undefined)(`a program that waits${gap ? ` (${gap})` : ""}`, () => {
  test("is not taken for the next run's once something has ended it", async () => {
    provider = providerOf("off");
    expect(await run()).toEqual(hello);
    await expect.poll(() => provider.poolStats?.().ready, { timeout: 10_000 }).toBe(1);
    const [pid = 0] = await pidsWith(`sh\0${entry}\0`);
    expect(pid).toBeGreaterThan(0);
    const supervisor = await parentOf(await parentOf(pid));
    process.kill(pid, "SIGKILL");
    await expect.poll(() => stateOf(supervisor), { timeout: 10_000 }).toBe("");
    expect(await run()).toEqual(hello);
  }, 40_000);

  test("is ended as soon as nobody wants it, on its way to its file too", async () => {
    provider = providerOf("off", true);
    const slow = { ...ahead, argv: ["sh", "-c", `sleep 15; . ./${entry}`] };
    const startedMs = performance.now();
    const aborted = provider.create(spec, AbortSignal.timeout(300), slow);
    await expect(aborted).rejects.toThrow("timeout");
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    // Long before it would end by itself; what was killed may still be on its way out.
    await expect.poll(() => pidsWith("sleep\0" + "15\0"), { timeout: 3_000 }).toEqual([]);
    expect(await run()).toEqual(hello);
  }, 40_000);

  test("ends in time though its supervisor says nothing", async () => {
    const leftovers = await createLeftoverCheck();
    provider = providerOf("off");
    expect(await run(ahead, 1000)).toEqual(hello);
    await expect.poll(() => provider.poolStats?.().ready, { timeout: 10_000 }).toBe(1);
    const [pid = 0] = await pidsWith(`sh\0${entry}\0`);
    process.kill(await parentOf(await parentOf(pid)), "SIGSTOP");
    const outcome = { kind: "limit", limit: "wallTime" };
    expect(await run(ahead, 1000)).toMatchObject({ outcome });
    expect(await run(ahead, 1000)).toEqual(hello);
    await provider.close();
    expect(await leftovers.find()).toEqual([]);
  }, 40_000);

  test("leaves nothing where the launcher of its template was killed", async () => {
    const leftovers = await createLeftoverCheck();
    provider = providerOf("on", true);
    const forked = { ...ahead, park: { ...ahead.park, mode: "fork" } } as const;
    const others = await pidsWith("\0serve\0");
    expect(await run(forked)).toEqual(hello);
    const own = (await pidsWith("\0serve\0")).filter((pid) => !others.includes(pid));
    const launchers = [];
    for (const pid of own) if ((await parentOf(pid)) === process.pid) launchers.push(pid);
    expect(launchers).toHaveLength(1);
    for (const pid of launchers) process.kill(pid, "SIGKILL");
    await expect.poll(() => pidsWith(`sh\0${entry}\0`), { timeout: 10_000 }).toEqual([]);
    expect(await run(forked)).toEqual(hello);
    await provider.close();
    expect(await leftovers.find()).toEqual([]);
  }, 40_000);
});
