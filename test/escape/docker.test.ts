import { afterAll, beforeAll, describe } from "vitest";
import type { Provider } from "../../src/core/provider.ts";
import { ownerLabel, ownOwner } from "../../src/providers/docker/owner.ts";
import { providerAt } from "../docker/fixture.ts";
import type { DockerdUser } from "../helpers/docker/dockerd.ts";
import { DOCKERD_TIMEOUT_MS, sharedDockerd } from "../helpers/docker/shared.ts";
import { dockerSkipReason, runscSkipReason } from "../helpers/docker/skip.ts";
import { skipUnless } from "../helpers/require.ts";
import { containerAttacks } from "./attacks/containers.ts";
import { ofGvisor, ofRunc } from "./container-differences.ts";
import { describeContainers } from "./container-scenarios.ts";
import { findCompiler } from "./programs.ts";
import { describeEscapes } from "./suite.ts";

const compiler = findCompiler();
const noCompiler = skipUnless(
  "c",
  compiler === undefined ? "no C compiler is installed" : undefined,
);

const ociRuntimes = [
  { ociRuntime: "runc", skipReason: dockerSkipReason(), differences: ofRunc },
  { ociRuntime: "runsc", skipReason: runscSkipReason(), differences: ofGvisor },
];

for (const { ociRuntime, skipReason, differences } of ociRuntimes) {
  let provider: Provider | undefined;
  let daemon: DockerdUser | undefined;
  beforeAll(async () => {
    if (skipReason !== undefined) return;
    daemon = await sharedDockerd();
    provider = providerAt(daemon.host, { ociRuntime, image: "debian:stable-slim" });
  }, DOCKERD_TIMEOUT_MS);
  afterAll(() => provider?.close());
  const started = <T>(thing: T | undefined): T => {
    if (thing === undefined) throw new Error("the daemon did not start");
    return thing;
  };
  describeEscapes(() => started(provider), {
    title: `docker with ${ociRuntime}`,
    compiler: compiler ?? "cc",
    skipReason: skipReason ?? noCompiler,
    mountGap: undefined,
    differences,
    attacks: { containers: containerAttacks },
    // What root owns, a container can't be given to write to.
    folderOwner: { uid: 12_345, gid: 23_456 },
    describeMore: (field) => {
      describe("containers beside it", () => {
        describeContainers(field, () => started(daemon));
      });
    },
    findSandboxes: async () => {
      const label = `label=${ownerLabel}=${ownOwner()}`;
      const ids = await started(daemon).docker("ps", "-aq", "--filter", label);
      return ids === "" ? [] : ids.split("\n").map((id) => `container ${id}`);
    },
  });
}
