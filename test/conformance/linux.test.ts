import { providerLoaders } from "../../src/providers/index.ts";
import { skipUnless } from "../helpers/require.ts";
import { describeLanguages } from "./languages.ts";
import { describeProvider } from "./suite.ts";

const provider = await providerLoaders.linux();
const { available, reason } = await provider.probe();

const name = `linux as ${process.getuid?.() === 0 ? "root" : "an ordinary user"}`;
const skipReason = skipUnless("linux", available ? undefined : reason);

describeProvider(() => provider, { name, exceptions: {}, skipReason });
describeLanguages(() => provider, { name, skipReason });
