import { describe } from "vitest";
import { createLinuxProvider } from "../../src/providers/linux/index.ts";
import { locateLauncher } from "../../src/launcher/locate-launcher.ts";
import { mountedFoldersGap } from "../helpers/mounted-folders.ts";
import { skipUnless } from "../helpers/require.ts";
import { describeKilledOwners } from "./killed-owners.ts";
import { findCompiler } from "./programs.ts";
import { ofSampling } from "./linux-differences.ts";
import { describeEscapes } from "./suite.ts";

const launcherPath = await locateLauncher();
const provider = createLinuxProvider({ launcherPath });
const { available, reason } = await provider.probe();
const compiler = findCompiler();

const skipReason =
  skipUnless("linux", available ? undefined : reason) ??
  skipUnless("c", compiler === undefined ? "no C compiler is installed" : undefined);

describeEscapes(() => provider, {
  title: `linux as ${process.getuid?.() === 0 ? "root" : "an ordinary user"}`,
  compiler: compiler ?? "cc",
  skipReason,
  mountGap: mountedFoldersGap(),
  differences: process.getuid?.() === 0 ? {} : ofSampling,
  describeMore: (field) => {
    describe("killed owners", () => {
      describeKilledOwners(field, launcherPath);
    });
  },
});
