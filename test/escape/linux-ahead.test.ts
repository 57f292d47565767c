/**
 * @module
 * The same with sandboxes that a server has made ahead, and with programs that are a fork's.
 */
import { aheadGap, createAheadProvider } from "../helpers/ahead-provider.ts";
import { mountedFoldersGap } from "../helpers/mounted-folders.ts";
import { skipUnless } from "../helpers/require.ts";
import { asForks } from "./as-forks.ts";
import { ofSampling } from "./linux-differences.ts";
import { findCompiler } from "./programs.ts";
import { describeEscapes } from "./suite.ts";

const provider = createAheadProvider();
const compiler = findCompiler();
const skipReason =
  (await aheadGap()) ??
  skipUnless("c", compiler === undefined ? "no C compiler is installed" : undefined);
const forks = await asForks(createAheadProvider());
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
