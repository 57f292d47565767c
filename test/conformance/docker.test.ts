import { afterAll, beforeAll } from "vitest";
import { createDockerProvider } from "../../src/providers/docker/index.ts";
import type { Provider } from "../../src/core/provider.ts";
import { DOCKERD_TIMEOUT_MS, sharedDockerd } from "../helpers/docker/shared.ts";
import { dockerSkipReason, runscSkipReason } from "../helpers/docker/skip.ts";
import { describeLanguages } from "./languages.ts";
import { describeProvider } from "./suite.ts";

const tests = (reason: string, ...names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [name, reason]));

const exceptions = {};

const ociRuntimes = [
  { ociRuntime: "runc", skipReason: dockerSkipReason(), exceptions: { ...exceptions } },
  {
    ociRuntime: "runsc",
    skipReason: runscSkipReason(),
    exceptions: { ...exceptions, ...tests("") },
  },
];

for (const { ociRuntime, skipReason, exceptions } of ociRuntimes) {
  const name = `docker with ${ociRuntime}`;
  let provider: Provider | undefined;
  beforeAll(async () => {
    if (skipReason !== undefined) return;
    const { host } = await sharedDockerd();
    const image = "debian:stable-slim";
    provider = createDockerProvider({
      host,
      env: {},
      ociRuntime,
      image,
      pullPolicy: "never",
      poolSize: 0,
    });
  }, DOCKERD_TIMEOUT_MS);
  afterAll(() => provider?.close());
  const makeProvider = (): Provider => provider!;
  describeProvider(makeProvider, { name, exceptions, skipReason });
  describeLanguages(makeProvider, { name, skipReason });
}
