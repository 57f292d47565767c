import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { languageNamed } from "../../test/helpers/language.ts";
import { chooseMethods, installByApt, splitByHost } from "./install-languages.ts";

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "glovebox-install-test-"));
  vi.stubEnv("XDG_DATA_HOME", data);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(data, { recursive: true });
});

test("what this system has needs nothing; an image or npm's folder is not this system", () => {
  const npm = { install: { debian: [], npm: ["x@1"] } };
  const [host, image, none, byNpm] = [
    languageNamed("host"),
    languageNamed("image"),
    languageNamed("none"),
    languageNamed("by-npm", npm),
  ].map((language) => ({ language }));
  mkdirSync(join(data, "glovebox/npm/by-npm"), { recursive: true, mode: 0o700 });
  const runtimes = [
    { languageId: "host", version: "1" },
    { languageId: "image", version: "1", image: "image:1" },
    { languageId: "by-npm", version: "1" },
  ];
  expect(splitByHost([host!, image!, none!, byNpm!], runtimes)).toEqual({
    there: [host],
    missing: [image, none, byNpm],
  });
});

test("a version of one is no reason to bring the others as images", async () => {
  const versioned = { language: languageNamed("versioned"), version: "1" };
  const plain = { language: languageNamed("plain") };
  const byNpm = { language: languageNamed("by-npm", { install: { debian: [], npm: ["x@1"] } }) };
  const wanted = [plain, versioned, byNpm];
  const methods = await chooseMethods(wanted, { programs: "host" });
  const { apt, tree, ...others } = Object.fromEntries(methods);
  expect(others).toEqual({ image: [versioned], npm: [byNpm] });
  expect(apt ?? tree).toEqual([plain]);
  expect(await chooseMethods(wanted, { programs: "image" })).toEqual(new Map([["image", wanted]]));
});

test("apt brings nothing to a provider with the programs of images", async () => {
  const talk = { isQuiet: true, isVerbose: false };
  const docker = { name: "docker", programs: "image" } as const;
  await expect(
    installByApt([languageNamed("bash")], docker, talk, new AbortController().signal),
  ).rejects.toThrow(/^--method: `apt` installs on this system, and `docker` has/);
});
