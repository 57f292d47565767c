/**
 * @module
 * Containers that are kept ready.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { file, sh, type SpecParts } from "../conformance/harness.ts";
import type { DockerdUser } from "../helpers/docker/dockerd.ts";
import { DOCKERD_TIMEOUT_MS, sharedDockerd } from "../helpers/docker/shared.ts";
import { dockerSkipReason } from "../helpers/docker/skip.ts";
import { create, exec, ownContainer, ownContainers, providerAt, runOnce } from "./fixture.ts";
import type { DockerProvider } from "./fixture.ts";

const skipReason = dockerSkipReason();
const MIB = 1024 * 1024;

describe.skipIf(skipReason !== undefined)(`the pool ${skipReason ?? ""}`, () => {
  let dockerd: DockerdUser;
  let provider: DockerProvider;
  beforeAll(async () => {
    dockerd = await sharedDockerd();
  }, DOCKERD_TIMEOUT_MS);
  beforeEach(() => {
    provider = providerAt(dockerd.host, { poolSize: 2 });
  });
  afterEach(async () => {
    await provider.close();
    expect(await ownContainers(dockerd)).toEqual([]);
  });

  /** Runs something, and waits until one container of its kind is kept. */
  const warmUp = async (parts: SpecParts = {}): Promise<string> => {
    await runOnce(provider, sh("true"), parts);
    await expect.poll(() => ownContainers(dockerd), { timeout: 30_000 }).toHaveLength(1);
    return ownContainer(dockerd);
  };

  test("one is used once, and holds nothing of what was before", async () => {
    const kept = await warmUp();
    const files = [file("secret", "1")];
    const sandbox = await create(provider, { files });
    expect(await ownContainers(dockerd)).toContain(kept);
    expect((await exec(provider, sandbox, sh("cat secret; echo x >/tmp/x"))).text).toBe("1");
    await sandbox.destroy();
    await expect.poll(() => ownContainers(dockerd), { timeout: 10_000 }).toHaveLength(1);
    expect(await ownContainer(dockerd)).not.toBe(kept);
    expect((await runOnce(provider, sh("ls /workspace /tmp"))).text).toBe("/tmp:\n\n/workspace:\n");
  });

  test.each<[string, SpecParts]>([
    ["limits", { limits: { memoryBytes: 128 * MIB } }],
    ["network", { policy: { network: { mode: "all" } } }],
    ["image", { image: "debian:stable-slim" }],
  ])("one of another %s is not taken", async (_what, parts) => {
    const kept = await warmUp();
    const sandbox = await create(provider, parts);
    // It may have made room for one of the kind that was asked for now.
    await dockerd.docker("kill", kept).catch(() => "");
    expect((await exec(provider, sandbox, sh("echo alive"))).text).toBe("alive\n");
    await sandbox.destroy();
  });

  test.each([["kill"], ["pause"]])(
    "one that somebody has met with docker %s is not taken",
    async (how) => {
      const kept = await warmUp();
      await dockerd.docker(how, kept);
      expect((await runOnce(provider, sh("echo alive"))).text).toBe("alive\n");
      expect(await ownContainers(dockerd)).not.toContain(kept);
    },
  );
});
