/**
 * @module
 * The same with sandboxes whose programs are held while somebody is asked, who says no.
 */
import { locateLauncher } from "../../src/launcher/locate-launcher.ts";
import { createLinuxProvider } from "../../src/providers/linux/index.ts";
import { createAskingProvider } from "../helpers/asking-provider.ts";
import { mountedFoldersGap } from "../helpers/mounted-folders.ts";
import { skipUnless } from "../helpers/require.ts";
import type { Differences } from "./attack.ts";
import { ofSampling } from "./linux-differences.ts";
import { findCompiler } from "./programs.ts";
import { describeEscapes } from "./suite.ts";

const provider = createAskingProvider(
  createLinuxProvider({ launcherPath: await locateLauncher() }),
);
const { available, reason } = await provider.probe();
const compiler = findCompiler();
const isRoot = process.getuid?.() === 0;

const ofAsking: Differences = {
  "the host's sockets, its neighbours and the metadata address can't be reached": {
    says: /^TCP 8\.8\.8\.8:53$/,
    reason: "our own name server answers for all others, inside",
  },
};

describeEscapes(() => provider, {
  title: `linux as ${isRoot ? "root" : "an ordinary user"}, asking`,
  compiler: compiler ?? "cc",
  skipReason:
    skipUnless("linux", available ? undefined : reason) ??
    skipUnless("c", compiler === undefined ? "no C compiler is installed" : undefined),
  mountGap: mountedFoldersGap(),
  differences: isRoot ? ofAsking : { ...ofSampling, ...ofAsking },
  attacksAlone: true,
});
