/**
 * @module
 * The same with sandboxes that a server has made ahead, and with programs that are a fork's.
 */
import { locateLauncher, locateParkLibrary } from "../../src/launcher/locate-launcher.ts";
import type { Provider } from "../../src/core/provider.ts";
import { createLinuxProvider } from "../../src/providers/linux/index.ts";
import { mountedFoldersGap } from "../helpers/mounted-folders.ts";
import { skipUnless } from "../helpers/require.ts";
import { asForks } from "./as-forks.ts";
import { ofSampling } from "./linux-differences.ts";
import { findCompiler } from "./programs.ts";
import { describeEscapes } from "./suite.ts";

const launcherPath = await locateLauncher();
const parkLibraryPath = await locateParkLibrary(launcherPath);
const createProvider = (): Provider =>
  createLinuxProvider({
    launcherPath,
    expects: "many",
    ...(parkLibraryPath === undefined ? {} : { parkLibraryPath }),
    pool: { size: 16, memoryBytes: 2 ** 30, fork: "on", keepsNone: true },
  });
const provider = createProvider();
const { available, reason } = await provider.probe();
const compiler = findCompiler();
const skipReason =
  skipUnless("linux", available ? undefined : reason) ??
  skipUnless("linux", parkLibraryPath === undefined ? "no park library" : undefined) ??
  skipUnless("c", compiler === undefined ? "no C compiler is installed" : undefined);
const forks = await asForks(createProvider());
const isRoot = process.getuid?.() === 0;
const user = isRoot ? "root" : "an ordinary user";
const common = {
  ...{ compiler: compiler ?? "cc", skipReason, mountGap: mountedFoldersGap() },
  differences: isRoot ? {} : ofSampling,
};
describeEscapes(() => provider, {
  ...common,
  title: `linux as ${user}, made ahead`,
  close: () => provider.close(),
});
describeEscapes(() => forks, {
  ...common,
  title: `linux as ${user}, forks`,
  attacksAlone: true,
  close: () => forks.close(),
});
