/**
 * @module
 * The same with sandboxes that a server has made ahead: by one launcher for all of them, with programs
 * that were started before their files came, by themselves or as forks.
 */
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { loadLanguages } from "../../src/languages/load.ts";
import { locateLauncher, locateParkLibrary } from "../../src/launcher/locate-launcher.ts";
import { createLinuxProvider } from "../../src/providers/linux/index.ts";
import { skipWithoutMountedFolders } from "../helpers/mounted-folders.ts";
import { requiredLanguages } from "../helpers/required-languages.ts";
import { skipUnless } from "../helpers/require.ts";
import { describeLanguages } from "./languages.ts";
import { mountTests } from "./mount-tests.ts";
import { describeProvider } from "./suite.ts";

const launcherPath = await locateLauncher();
const parkLibraryPath = await locateParkLibrary(launcherPath);
const user = process.getuid?.() === 0 ? "root" : "an ordinary user";
/** Those whose data says that they may be started ahead. */
const languages = await loadLanguages(fileURLToPath(new URL("../../languages", import.meta.url)));
const warmLanguages = languages.filter(({ warm }) => warm !== undefined).map(({ id }) => id);

const mountGap = skipWithoutMountedFolders();
const exceptions =
  mountGap === undefined ? {} : Object.fromEntries(mountTests.map((test) => [test, mountGap]));

for (const fork of ["off", "on"] as const) {
  const provider = createLinuxProvider({
    launcherPath,
    expects: "many",
    ...(parkLibraryPath === undefined ? {} : { parkLibraryPath }),
    pool: { size: 16, memoryBytes: 2 ** 30, fork, keepsNone: true },
  });
  const { available, reason } = await provider.probe();
  const skipReason =
    skipUnless("linux", available ? undefined : reason) ??
    skipUnless("linux", parkLibraryPath === undefined ? "no park library" : undefined);
  const name = `linux as ${user}, started ahead, ${fork === "on" ? "forks" : "no forks"}`;
  afterAll(() => provider.close());
  // What a program is a fork of is of no matter to commands.
  if (fork === "off") describeProvider(() => provider, { name, exceptions, skipReason });
  describeLanguages(() => provider, {
    ...{ name, skipReason, required: requiredLanguages(), only: warmLanguages },
  });
}
