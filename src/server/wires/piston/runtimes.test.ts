import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Runtime } from "../../../core/language.ts";
import { defaultServerConfig } from "../../../config/server-config.ts";
import { loadLanguages } from "../../../languages/load.ts";
import { limitsOf, pistonTimes } from "./limits.ts";
import { pistonPackages } from "./packages.ts";
import { chooseRuntime, pistonRuntimes } from "./runtimes.ts";

const folder = fileURLToPath(new URL("../../../../languages", import.meta.url));
const languages = await loadLanguages(folder);

const of = (languageId: string, ...versions: (string | null)[]): Runtime[] =>
  versions.map((version) => ({ languageId, version }));

const installed = [
  ...of("python", "3.11.2", "3.13.1", "3.10.14"),
  ...of("javascript", "20.20.2"),
  ...of("typescript", "4.8.4"),
  ...of("deno", "2.1.0"),
  ...of("assembly", "2.16.01"),
  ...of("zsh", null),
];
const runtimes = pistonRuntimes(languages, installed);

describe("chooseRuntime", () => {
  test.each([
    // The usual one comes first in the list, the newest wins.
    ["python", "*", "python 3.13.1", "3.13.1"],
    ["python", "3.11.x", "python 3.11.2", "3.11.2"],
    // A pinned version of Piston's: what is nearest to it.
    ["python", "3.10.0", "python 3.10.14", "3.10.14"],
    ["python", "3.12.0", "python 3.11.2", "3.11.2"],
    // Where there is no choice nobody asks for one.
    ["javascript", "18.15.0", "javascript 20.20.2", undefined],
    ["node", "*", "javascript 20.20.2", undefined],
    // Several languages have this name: the newest of all, or whose version was named.
    ["typescript", "*", "typescript 4.8.4", undefined],
    ["typescript", "1.32.3", "typescript 2.1.0", undefined],
    ["deno", "*", "deno 2.1.0", undefined],
    ["nasm64", "*", "nasm64 2.16.1", undefined],
    ["assembly", "*", "nasm 2.16.1", undefined],
    ["zsh", "*", "zsh 0.0.0", undefined],
  ])("%s %s is %s", (name, selector, expected, wanted) => {
    const chosen = chooseRuntime(runtimes, name, selector);
    expect(`${chosen.runtime.name} ${chosen.runtime.version}`).toBe(expected);
    expect(chosen.wanted).toBe(wanted);
  });

  test("shows no more of a name than it has to", () => {
    expect(() => chooseRuntime(runtimes, "x".repeat(1e6), "*")).toThrow(
      `${"x".repeat(80)}-* runtime is unknown`,
    );
  });
});

test("a package is installed where exactly its version is", () => {
  const packages = pistonPackages(languages, runtimes);
  const rows = packages
    .filter(({ language }) => language === "javascript")
    .map(({ version, isInstalled }) => [version, isInstalled]);
  expect(rows).toEqual([
    ["20.20.2", true],
    ["15.10.0", false],
    ["16.3.0", false],
    ["18.15.0", false],
    ["20.11.1", false],
  ]);
});

describe("limitsOf", () => {
  const config = defaultServerConfig();
  const [compiled, interpreted] = ["cpp", "python"].map((id) =>
    languages.find((language) => language.id === id),
  );
  test.each([
    ["run_memory_limit", { run_memory_limit: 64e6 }, 64e6, 64e6],
    ["the lower of two", { run_memory_limit: 64e6, compile_memory_limit: 50e6 }, 50e6, 64e6],
    ["-1", { run_memory_limit: -1, compile_memory_limit: -1 }, undefined, undefined],
    ["next to nothing", { run_memory_limit: 0.5 }, 4 * 2 ** 20, 4 * 2 ** 20],
  ])("%s is the memory of both stages", (_what, sent, ofBoth, ofOne) => {
    expect(limitsOf(sent, config, compiled!, pistonTimes(config)).limits?.memory_bytes).toBe(
      ofBoth,
    );
    expect(limitsOf(sent, config, interpreted!, pistonTimes(config)).limits?.memory_bytes).toBe(
      ofOne,
    );
  });

  test("an operator who allows less than Piston's defaults is obeyed", () => {
    const { limits } = config;
    const max = { ...limits.max, wallTimeMs: 1000 };
    const strict = { ...config, limits: { ...limits, max } };
    expect(limitsOf({}, strict, interpreted!, pistonTimes(config)).limits?.wall_time_ms).toBe(1000);
    expect(() =>
      limitsOf({ run_timeout: 2000 }, strict, interpreted!, pistonTimes(config)),
    ).toThrow("run_timeout cannot exceed the configured limit of 1000");
  });
});
