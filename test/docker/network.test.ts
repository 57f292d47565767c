/**
 * @module
 * The bridge of sandboxes with a network, at a daemon that has none yet.
 */
import { describe, expect, test } from "vitest";
import { sh } from "../conformance/harness.ts";
import { startDockerd } from "../helpers/docker/dockerd.ts";
import { importSmallImages } from "../helpers/docker/images.ts";
import { dockerSkipReason } from "../helpers/docker/skip.ts";
import { providerAt, runOnce } from "./fixture.ts";

const skipReason = dockerSkipReason();
const PROVIDERS = 6;
const network = { policy: { network: { mode: "all" } } } as const;

describe.skipIf(skipReason !== undefined)(`the network ${skipReason ?? ""}`, () => {
  test("is there for all that need it first at the same time, and for those after them", async () => {
    const dockerd = await startDockerd();
    const providers = Array.from({ length: PROVIDERS }, () => providerAt(dockerd.host));
    try {
      await importSmallImages(dockerd);
      for (let round = 0; round < 2; round++) {
        const runs = providers.map((provider) => runOnce(provider, sh("echo alive"), network));
        for (const { text } of await Promise.all(runs)) expect(text).toBe("alive\n");
      }
      const names = await dockerd.docker("network", "ls", "--format={{.Name}}");
      const ours = names.split("\n").filter((name) => name.startsWith("glovebox"));
      expect(new Set(ours).size).toBe(ours.length);
      expect(ours).not.toEqual([]);
    } finally {
      await Promise.all(providers.map((provider) => provider.close()));
      await dockerd.stop();
    }
  });
});
