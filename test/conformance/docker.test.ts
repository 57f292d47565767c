import { afterAll, beforeAll } from "vitest";
import type { Provider } from "../../src/core/provider.ts";
import { providerAt } from "../docker/fixture.ts";
import { DOCKERD_TIMEOUT_MS, sharedDockerd } from "../helpers/docker/shared.ts";
import { dockerSkipReason, runscSkipReason } from "../helpers/docker/skip.ts";
import { describeLanguages } from "./languages.ts";
import { describeProvider } from "./suite.ts";

const tests = (reason: string, ...names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [name, reason]));

const ofContainers = {
  ...tests(
    "`disk` is weaker: a container's folders have a tmpfs each",
    "adds up all folders that can be written",
  ),
  ...tests(
    "an image brings its own programs",
    "shows a lent program of the host at its path and in PATH",
  ),
  ...tests(
    "the network of a container is the daemon's bridge, not this machine's own; test/docker has its tests",
    "with all of the network a program reaches a service of this machine",
  ),
};

const ofGvisor = {
  ...ofContainers,
  ...tests(
    "`processes` is weaker: gVisor has no limit of its own, and who exceeds it is ended",
    "refuses more processes than the limit, and says so if the program then fails",
  ),
  ...tests(
    "the terminals of Debian 12's gVisor have no job control, no /dev/tty and no change of size",
    "a terminal can be opened anew, as /dev/tty and by its name",
    "what is typed comes echoed, and the end of the input is Ctrl-D",
    "Ctrl-C on a terminal interrupts the program",
    "a program is told when its terminal changes its size",
  ),
  ...tests("gVisor's tmpfs counts no files; their memory counts", "limits the number of files too"),
};

const ociRuntimes = [
  { ociRuntime: "runc", skipReason: dockerSkipReason(), exceptions: ofContainers },
  { ociRuntime: "runsc", skipReason: runscSkipReason(), exceptions: ofGvisor },
];

for (const { ociRuntime, skipReason, exceptions } of ociRuntimes) {
  const name = `docker with ${ociRuntime}`;
  let provider: Provider | undefined;
  beforeAll(async () => {
    if (skipReason !== undefined) return;
    const { host } = await sharedDockerd();
    provider = providerAt(host, { ociRuntime, image: "debian:stable-slim" });
  }, DOCKERD_TIMEOUT_MS);
  afterAll(() => provider?.close());
  const makeProvider = (): Provider => {
    if (provider === undefined) throw new Error("the daemon did not start");
    return provider;
  };
  // What root owns, a container can't be given to write to.
  const folderOwner = { uid: 12_345, gid: 23_456 };
  describeProvider(makeProvider, { name, exceptions, skipReason, folderOwner });
  describeLanguages(makeProvider, { name, skipReason });
}
