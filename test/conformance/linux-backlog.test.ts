/**
 * @module
 * A server whose sandboxes end faster than the machine can destroy them.
 */
import { afterAll, describe, expect, test } from "vitest";
import type { ProviderSandbox } from "../../src/core/provider.ts";
import type { SandboxSpec } from "../../src/core/sandbox.ts";
import { mostDestroying } from "../../src/launcher/destroy-backlog.ts";
import { locateLauncher } from "../../src/launcher/locate-launcher.ts";
import { createLinuxProvider } from "../../src/providers/linux/index.ts";
import { skipUnless } from "../helpers/require.ts";
import { testLimits } from "./harness.ts";

const provider = createLinuxProvider({
  launcherPath: await locateLauncher(),
  expects: "many",
  pool: { size: 1, memoryBytes: 2 ** 30, fork: "off" },
});
const { available, reason } = await provider.probe();
const gap = skipUnless("linux", available ? undefined : reason);
afterAll(() => provider.close());

const spec: SandboxSpec = {
  files: [],
  hostPrograms: [],
  enforcement: "best-effort",
  policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
  limits: testLimits,
};
const create = (): Promise<ProviderSandbox> => provider.create(spec, new AbortController().signal);

describe.skipIf(gap !== undefined)(`the end of sandboxes of linux${gap ? ` (${gap})` : ""}`, () => {
  test("is counted while it lasts", async () => {
    const sandbox = await create();
    expect(provider.destroying?.()).toBe(0);
    const ended = sandbox.destroy();
    expect(provider.destroying?.()).toBe(1);
    await ended;
    expect(provider.destroying?.()).toBe(0);
  });

  test("is waited for by a new one, where there are too many", async () => {
    const sandboxes = [];
    for (let index = 0; index < mostDestroying + 24; index++) sandboxes.push(await create());
    // Without waiting, the next one would be this, at once.
    await expect.poll(() => provider.poolStats?.().ready).toBe(1);
    const ends = sandboxes.map((sandbox) => sandbox.destroy());
    expect(provider.destroying?.()).toBe(sandboxes.length);
    const next = await create();
    expect(provider.destroying?.()).toBeLessThan(mostDestroying);
    await Promise.all(ends);
    await next.destroy();
    expect(provider.destroying?.()).toBe(0);
  });
});
