/**
 * @module
 * The same with sandboxes that a server has made ahead: by one launcher for all of them, with programs
 * that were started before their files came, by themselves or as forks.
 */
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { loadLanguages } from "../../src/languages/load.ts";
import { aheadGap, createAheadProvider } from "../helpers/ahead-provider.ts";
import { skipWithoutMountedFolders } from "../helpers/mounted-folders.ts";
import { requiredLanguages } from "../helpers/required-languages.ts";
import { describeLanguages } from "./languages.ts";
import { mountTests } from "./mount-tests.ts";
import { describeProvider } from "./suite.ts";

const user = process.getuid?.() === 0 ? "root" : "an ordinary user";
/** Those whose data says that they may be started ahead. */
const languages = await loadLanguages(fileURLToPath(new URL("../../languages", import.meta.url)));
const warmLanguages = languages.filter(({ warm }) => warm !== undefined).map(({ id }) => id);

const mountGap = skipWithoutMountedFolders();
const exceptions =
  mountGap === undefined ? {} : Object.fromEntries(mountTests.map((test) => [test, mountGap]));

const skipReason = await aheadGap();
for (const fork of ["off", "on"] as const) {
  const provider = createAheadProvider({ fork });
  const name = `linux as ${user}, started ahead, ${fork === "on" ? "forks" : "no forks"}`;
  afterAll(() => provider.close());
  // What a program is a fork of is of no matter to commands.
  if (fork === "off") describeProvider(() => provider, { name, exceptions, skipReason });
  describeLanguages(() => provider, {
    ...{ name, skipReason, required: requiredLanguages(), only: warmLanguages },
  });
}
