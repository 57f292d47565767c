import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { languageNamed } from "../../test/helpers/language.ts";
import type { LoadedLanguage } from "../core/language.ts";
import { loadLanguages } from "../languages/load.ts";
import { isOnThisHost } from "./runtime-on-host.ts";

const version = (...argv: readonly string[]): Partial<LoadedLanguage> => {
  return { run: ["sh", "{entry}"], version: { argv: [...argv], pattern: "(.*)" } };
};

test.each<[string, Partial<LoadedLanguage>, boolean]>([
  ["its program is", version("sh"), true],
  ["its program is not", version("no-such-program"), false],
  ["nor is what it runs", { ...version("sh"), run: ["no-such-program", "{entry}"] }, false],
  ["nor its compiler", { ...version("sh"), compile: [["sh"], ["no-such-program"]] }, false],
  ["what it compiles is not there yet", { ...version("sh"), run: ["./program"] }, true],
  ["the file that it is asked through is", version("sh", "/usr/bin/env"), true],
  ["the file that it is asked through is not", version("sh", "/usr/share/no-such-file"), false],
])("a language is on this host or not: %s", (_what, parts, expected) => {
  expect(isOnThisHost(languageNamed("asked", parts))).toBe(expected);
});

test("the Node that runs Glovebox counts as a language's program, also as one that is not its first", () => {
  const command = "not-installed-node";
  const parts = { ...version("sh"), run: [command, "{entry}"] };
  expect(isOnThisHost(languageNamed("asked", parts))).toBe(false);
  const own = languageNamed("asked", { ...parts, fallbackToOwnNode: { command } });
  expect(isOnThisHost(own)).toBe(true);
});

describe("the version command of each language", async () => {
  const all = await loadLanguages(fileURLToPath(new URL("../../languages", import.meta.url)));
  const programOf = (language: LoadedLanguage): string => language.version.argv[0] ?? "";
  const namesFile = (language: LoadedLanguage): boolean =>
    language.version.argv.some((word) => word.startsWith("/"));
  /** Whether all that a language needs comes with the other's packages. */
  const comesWith = (language: LoadedLanguage, other: LoadedLanguage): boolean =>
    language.install.debian.every((name) => other.install.debian.includes(name));

  // Of Debian's essential packages, and interpreters of which other languages are programs.
  const shared = new Map([
    ["java", ""],
    ["ldd", ""],
    ["env", ""],
    ["sh", ""],
    ["node", "javascript"],
    ["python3", "python"],
    ["perl", "perl"],
    ["bash", "bash"],
    ["sed", "sed"],
    ["dash", "sh"],
  ]);

  test.each(all)("$id says whether just that one is there", (language) => {
    if (namesFile(language)) return;
    const program = programOf(language);
    expect(shared.get(program) ?? language.id).toBe(language.id);
    const owners = all.filter(
      (other) => programOf(other) === program && !comesWith(language, other),
    );
    expect(owners.map(({ id }) => id)).toEqual([]);
  });
});
