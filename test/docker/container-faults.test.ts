/**
 * @module
 * Containers that somebody else, the kernel or a full disk ends: each a typed error or an outcome.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { file, python, sh, waitForOutput } from "../conformance/harness.ts";
import type { DockerdUser } from "../helpers/docker/dockerd.ts";
import { DOCKERD_TIMEOUT_MS, sharedDockerd } from "../helpers/docker/shared.ts";
import { dockerSkipReason } from "../helpers/docker/skip.ts";
import { create, exec, never, ownContainer, ownContainers } from "./fixture.ts";
import { providerAt, runOnce } from "./fixture.ts";
import type { DockerProvider } from "./fixture.ts";

const skipReason = dockerSkipReason();
const MIB = 1024 * 1024;

describe.skipIf(skipReason !== undefined)(`faults of a container ${skipReason ?? ""}`, () => {
  let dockerd: DockerdUser;
  let provider: DockerProvider;
  beforeAll(async () => {
    dockerd = await sharedDockerd();
  }, DOCKERD_TIMEOUT_MS);
  beforeEach(() => {
    provider = providerAt(dockerd.host);
  });
  afterEach(async () => {
    await provider.close();
    expect(await ownContainers(dockerd)).toEqual([]);
  });

  test.each([
    ["killed", (id: string) => ["kill", id]],
    ["stopped", (id: string) => ["stop", "--time=0", id]],
    ["removed", (id: string) => ["rm", "--force", id]],
  ])("one that is %s from outside in the middle of a run", async (_how, argv) => {
    const sandbox = await create(provider);
    const { seen, onOutput } = waitForOutput("running");
    const ended = exec(provider, sandbox, sh("echo running; sleep 60"), { onOutput });
    const failure = expect(ended).rejects.toMatchObject({ code: "SANDBOX_FAILED" });
    await seen;
    const startMs = performance.now();
    await dockerd.docker(...argv(await ownContainer(dockerd)));
    await failure;
    expect(performance.now() - startMs).toBeLessThan(5_000);
    await expect(exec(provider, sandbox, sh("true"))).rejects.toMatchObject({
      code: "SANDBOX_FAILED",
    });
    await sandbox.destroy();
  });

  test("one that is killed from outside between two commands", async () => {
    const sandbox = await create(provider);
    await exec(provider, sandbox, sh("true"));
    await dockerd.docker("kill", await ownContainer(dockerd));
    await expect(exec(provider, sandbox, sh("true"))).rejects.toMatchObject({
      code: "SANDBOX_FAILED",
    });
    await sandbox.destroy();
  });

  test("one that is paused: an abort, or its time, still ends it", async () => {
    const controller = new AbortController();
    const run = async (signal: AbortSignal, wallTimeMs: number) => {
      const sandbox = await create(provider);
      const { seen, onOutput } = waitForOutput("running");
      const argv = sh("echo running; sleep 60");
      const ended = exec(provider, sandbox, argv, { onOutput, signal, limits: { wallTimeMs } });
      const end = ended.then(
        ({ outcome }) => outcome.kind,
        (error: unknown) => (error as { readonly code: string }).code,
      );
      await seen;
      return { sandbox, end };
    };
    const runs = await Promise.all([run(controller.signal, 60_000), run(never(), 2_000)]);
    await dockerd.docker("pause", ...(await ownContainers(dockerd)));
    const startMs = performance.now();
    controller.abort();
    const ends = await Promise.all(runs.map(({ end }) => end));
    expect(ends).toEqual(["canceled", "limit"]);
    expect(performance.now() - startMs).toBeLessThan(20_000);
    await Promise.all(runs.map(({ sandbox }) => sandbox.destroy()));
  });

  test("one that is paused, and then destroyed", async () => {
    const sandbox = await create(provider);
    await dockerd.docker("pause", await ownContainer(dockerd));
    await sandbox.destroy();
    expect(await ownContainers(dockerd)).toEqual([]);
  });

  test("memory: of a child, and of the program itself", async () => {
    const eat = `block = bytearray(300 << 20); block[::4096] = b"x" * len(block[::4096]); print("survived")`;
    const parent = `import subprocess, sys
print("code", subprocess.run([sys.executable, "-c", sys.argv[1]]).returncode, flush=True)`;
    const image = "python:3";
    const limits = { memoryBytes: 64 * MIB };
    const own = await runOnce(provider, python(eat), { image, limits });
    expect(own.outcome).toMatchObject({ kind: "limit", limit: "memory" });
    expect(own.text).not.toContain("survived");
    // A parent that copes has simply exited.
    const childs = await runOnce(provider, python(parent, eat), { image, limits });
    expect(childs.outcome).toEqual({ kind: "exited", exitCode: 0 });
    expect(childs.text).toBe("code -9\n");
  });

  test("a disk that its files don't fit on", async () => {
    const limits = { diskBytes: MIB };
    const files = [file("small", "1"), file("folder/large", Buffer.alloc(2 * MIB, 1))];
    await expect(create(provider, { files, limits })).rejects.toMatchObject({
      code: "SANDBOX_FAILED",
      message: expect.stringMatching(/No space left/) as string,
    });
    expect(await ownContainers(dockerd)).toEqual([]);
  });

  test("a disk that the program fills", async () => {
    const result = await runOnce(
      provider,
      sh("while echo 0123456789012345678901234567890123456789; do :; done >f; exit 1"),
      { limits: { diskBytes: MIB } },
    );
    expect(result.outcome).toMatchObject({ kind: "limit", limit: "disk" });
  });
});
