/**
 * @module
 * Many starts at the same time, and starts that are given up in the middle.
 */
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ownerLabel, ownOwner } from "../../src/providers/docker/owner.ts";
import { file, sh } from "../conformance/harness.ts";
import type { DockerdUser } from "../helpers/docker/dockerd.ts";
import { DOCKERD_TIMEOUT_MS, sharedDockerd } from "../helpers/docker/shared.ts";
import { dockerSkipReason } from "../helpers/docker/skip.ts";
import { create, ownContainers, providerAt, runOnce } from "./fixture.ts";
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
    const sinceSeconds = Math.floor(Date.now() / 1000);
    const files = [file("large", Buffer.alloc(8 * 1024 * 1024, 1))];
    const reason = new Error("given up");
    const giveUpAfter = async (delayMs: number): Promise<void> => {
      const controller = new AbortController();
      const caught = create(provider, { files }, controller.signal).then(
        (sandbox) => sandbox.destroy(),
        (error: unknown) => {
          expect(error).toBe(reason);
        },
      );
      await sleep(delayMs);
      controller.abort(reason);
      const startMs = performance.now();
      await caught;
      expect(performance.now() - startMs).toBeLessThan(15_000);
    };
    for (const delayMs of [0, 1, 5, 10, 20, 40, 80, 120, 160, 240, 320, 400]) {
      await giveUpAfter(delayMs);
    }
    await Promise.all(Array.from({ length: 20 }, (_, index) => giveUpAfter(index * 50)));
    // What the daemon began for somebody who is gone, it has ended. Of its events it keeps only the latest.
    expect(await eventsSince(sinceSeconds, "create")).not.toEqual([]);
    await expect.poll(() => ownContainers(dockerd), { timeout: 30_000 }).toEqual([]);
  });
  /** Ids of this process's containers. */
  const eventsSince = async (sinceSeconds: number, event: string): Promise<readonly string[]> => {
    const until = Math.ceil(Date.now() / 1000);
    const events = await dockerd.docker(
      ...["events", `--since=${sinceSeconds}`, `--until=${until}`, `--filter=event=${event}`],
      ...[`--filter=label=${ownerLabel}=${ownOwner()}`, "--format={{.ID}}"],
    );
    return events.split("\n").filter((id) => id !== "");
  };

  test("the provider closed in the middle leaves nothing", async () => {
    const own = providerAt(dockerd.host, { poolSize: 2 });
    const creating = Promise.allSettled([0, 1, 2].map(() => runOnce(own, sh("true"))));
    await expect
      .poll(() => ownContainers(dockerd), { interval: 1, timeout: 10_000 })
      .not.toEqual([]);
    await own.close();
    await creating;
    await own.close();
    await expect.poll(() => ownContainers(dockerd), { timeout: 5_000 }).toEqual([]);
  });

  test("a hundred at once all run, in the order of their coming, and leave nothing here", async () => {
    const before = ownThings();
    const order: number[] = [];
    const texts = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const { text } = await runOnce(provider, sh(`echo ${index}`));
        order.push(index);
        return text;
      }),
    );
    expect(texts).toEqual(texts.map((_, index) => `${index}\n`));
    // The first did not wait for the last.
    expect(order.indexOf(0)).toBeLessThan(40);
    await expect.poll(ownThings, { timeout: 5_000 }).toEqual(before);
  });
});

/** Open files beyond the few idle connections that are kept, and what keeps this process alive. */
function ownThings(): { readonly timers: number; readonly hasManyFiles: boolean } {
  const resources = process.getActiveResourcesInfo();
  return {
    timers: resources.filter((name) => name === "Timeout").length,
    hasManyFiles: readdirSync("/proc/self/fd").length > filesAtStart + 10,
  };
}

const filesAtStart = readdirSync("/proc/self/fd").length;
