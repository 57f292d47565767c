/**
 * @module
 * The languages that npm ships, installed from its registry by the CLI: their own tests in a sandbox.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, vi } from "vitest";
import { loadLanguages } from "../../src/languages/load.ts";
import { providerLoaders } from "../../src/providers/index.ts";
import { isRequired, skipUnless } from "../helpers/require.ts";
import { describeLanguages } from "./languages.ts";

/** Two hundred megabytes from a registry. */
const INSTALL_TIMEOUT_MS = 280_000;
const root = join(import.meta.dirname, "../..");
const languages = await loadLanguages(join(root, "languages"));
const ids = languages.flatMap(({ id, install }) => (install.npm === undefined ? [] : [id]));

const provider = await providerLoaders.linux();
const { available, reason } = await provider.probe();
const notDemanded = isRequired("npm-languages")
  ? undefined
  : "(runs with GLOVEBOX_REQUIRE=npm-languages)";
const gap = notDemanded ?? skipUnless("npm-languages", available ? undefined : reason);

describe.skipIf(gap !== undefined)(`languages by npm ${gap ?? ""}`, () => {
  let data: string;
  beforeAll(() => {
    data = mkdtempSync(join(tmpdir(), "glovebox-npm-languages-test-"));
    // Services of this process look there, too.
    vi.stubEnv("XDG_DATA_HOME", data);
    const words = ["languages", "install", ...ids, "--method", "npm", "--provider", "linux"];
    const stdout = execFileSync(process.execPath, [join(root, "bin/glovebox"), ...words], {
      encoding: "utf8",
      timeout: INSTALL_TIMEOUT_MS,
      stdio: ["ignore", "pipe", "inherit"],
    });
    expect(stdout.split("\n").map((line) => line.replace(/ \d[\d.]*$/, ""))).toEqual([...ids, ""]);
  }, INSTALL_TIMEOUT_MS);
  afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(data, { recursive: true });
  });
  describeLanguages(() => provider, {
    name: "linux, by npm",
    skipReason: gap,
    required: new Set(ids),
    only: ids,
  });
});
