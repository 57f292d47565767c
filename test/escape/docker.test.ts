import { afterAll, beforeAll } from "vitest";
import type { Provider } from "../../src/core/provider.ts";
import { createDockerProvider } from "../../src/providers/docker/index.ts";
import { DOCKERD_TIMEOUT_MS, sharedDockerd } from "../helpers/docker/shared.ts";
import { dockerSkipReason, runscSkipReason } from "../helpers/docker/skip.ts";
import { skipUnless } from "../helpers/require.ts";
import { ofGvisor, ofRunc } from "./container-differences.ts";
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
  beforeAll(async () => {
    if (skipReason !== undefined) return;
    const { host } = await sharedDockerd();
    provider = createDockerProvider({
      host,
      env: {},
      ociRuntime,
      image: "debian:stable-slim",
      pullPolicy: "never",
      poolSize: 0,
    });
  }, DOCKERD_TIMEOUT_MS);
  afterAll(() => provider?.close());
  const getProvider = (): Provider => {
    if (provider === undefined) throw new Error("the daemon did not start");
    return provider;
  };
  describeEscapes(getProvider, {
    title: `docker with ${ociRuntime}`,
    compiler: compiler ?? "cc",
    skipReason: skipReason ?? noCompiler,
    mountGap: undefined,
    differences,
    // What root owns, a container can't be given to write to.
    folderOwner: { uid: 12_345, gid: 23_456 },
  });
}
