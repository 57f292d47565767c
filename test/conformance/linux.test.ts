import { providerLoaders } from "../../src/providers/index.ts";
import { skipWithoutMountedFolders } from "../helpers/mounted-folders.ts";
import { requiredLanguages } from "../helpers/required-languages.ts";
import { skipUnless } from "../helpers/require.ts";
import { describeLanguages } from "./languages.ts";
import { mountTests } from "./mount-tests.ts";
import { describeProvider } from "./suite.ts";

const provider = await providerLoaders.linux();
const { available, reason } = await provider.probe();

const name = `linux as ${process.getuid?.() === 0 ? "root" : "an ordinary user"}`;
const skipReason = skipUnless("linux", available ? undefined : reason);

const mountGap = skipWithoutMountedFolders();
const exceptions =
  mountGap === undefined ? {} : Object.fromEntries(mountTests.map((test) => [test, mountGap]));

describeProvider(() => provider, { name, exceptions, skipReason });
/** Root's pass has run them all on the same host: what differs for an ordinary user shows in these. */
const ofSecondPass = ["bash", "c", "cpp", "java", "javascript", "python"];
const isSecondPass = process.env["GLOVEBOX_TEST_PASS"] === "second";
describeLanguages(() => provider, {
  ...{ name, skipReason, required: requiredLanguages() },
  ...(isSecondPass ? { only: ofSecondPass } : {}),
});
