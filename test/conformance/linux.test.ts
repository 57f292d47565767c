import { providerLoaders } from "../../src/providers/index.ts";
import { skipUnless } from "../helpers/require.ts";
import { describeProvider } from "./suite.ts";

const provider = await providerLoaders.linux();
const { available, reason } = await provider.probe();

describeProvider(() => provider, {
  name: `linux as ${process.getuid?.() === 0 ? "root" : "an ordinary user"}`,
  exceptions: {},
  skipReason: skipUnless("linux", available ? undefined : reason),
});
