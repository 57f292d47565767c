/**
 * @module
 * Many starts at the same time, and starts that are given up in the middle.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { file, sh } from "../conformance/harness.ts";
import type { DockerdUser } from "../helpers/docker/dockerd.ts";
import { DOCKERD_TIMEOUT_MS, sharedDockerd } from "../helpers/docker/shared.ts";
import { dockerSkipReason } from "../helpers/docker/skip.ts";
import { create, exec, ownContainers, providerAt, runOnce } from "./fixture.ts";
import type { DockerProvider } from "./fixture.ts";

const skipReason = dockerSkipReason();

describe.skipIf(skipReason !== undefined)(`starts ${skipReason ?? ""}`, () => {
  let dockerd: DockerdUser;
  let provider: DockerProvider;
  beforeAll(async () => {
    dockerd = await sharedDockerd();
    provider = providerAt(dockerd.host);
    await runOnce(provider, sh("true"));
  }, DOCKERD_TIMEOUT_MS);
  afterEach(async () => {
    expect(await ownContainers(dockerd)).toEqual([]);
  });
  afterAll(() => provider.close());

  test("given up in any phase: the reason of the abort, soon, and nothing is left", async () => {
    const files = [file("large", Buffer.alloc(8 * 1024 * 1024, 1))];
    const delays = Array.from({ length: 16 }, (_, index) => index * 40);
    const reason = new Error("given up");
    for (const delayMs of delays) {
      const controller = new AbortController();
      const creating = create(provider, { files }, controller.signal);
      const caught = creating.then(
        (sandbox) => sandbox.destroy(),
        (error: unknown) => {
          expect(error).toBe(reason);
        },
      );
      await sleep(delayMs);
      controller.abort(reason);
      const startMs = performance.now();
      await caught;
      expect(performance.now() - startMs).toBeLessThan(5_000);
    }
    await sleep(500);
  });

  test("a hundred at once", async () => {
    const startMs = performance.now();
    const times: number[] = [];
    const results = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const result = await runOnce(provider, sh(`echo ${index}`));
        times.push(performance.now() - startMs);
        return result.text;
      }),
    );
    console.log("100 at once", performance.now() - startMs, times[0], times[50]);
    expect(results).toEqual(results.map((_, index) => `${index}\n`));
  });

  test("ten by ten", async () => {
    const startMs = performance.now();
    let next = 0;
    const work = async () => {
      while (next++ < 100) await runOnce(provider, sh("true"));
    };
    await Promise.all(Array.from({ length: Number(process.env["PAR"] ?? 8) }, work));
    console.log("100 by", process.env["PAR"], performance.now() - startMs);
  });
});
void exec;
