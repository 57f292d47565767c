import { expect, test } from "vitest";
import { languageNamed } from "../../test/helpers/language.ts";
import type { CallerRules } from "../core/caller.ts";
import { indexLanguages } from "../languages/index-languages.ts";
import { parseExpiry, parseName, parseRules, parseScopes, type CreateFlags } from "./keys-flags.ts";

const languages = indexLanguages([
  languageNamed("python", { aliases: ["py"] }),
  languageNamed("javascript"),
]);

test.each<[CreateFlags, CallerRules]>([
  [{}, {}],
  [{ rate: "60/min" }, { requestsPerMinute: 60 }],
  [
    { concurrency: "2", daily: "1000" },
    { maxConcurrent: 2, executionsPerDay: 1000 },
  ],
  [{ languages: "py,JavaScript, py" }, { languages: ["python", "javascript"] }],
  [{ providers: "docker,linux" }, { providers: ["docker", "linux"] }],
  [{ fork: true }, {}],
  [{ fork: false }, { fork: "off" }],
  [{ network: "none,all" }, { network: ["none", "all"] }],
  [
    { maxMemory: "256MiB", maxTimeout: "10s", maxOpenFiles: "64" },
    { maxLimits: { memoryBytes: 268_435_456, wallTimeMs: 10_000, openFiles: 64 } },
  ],
])("%j are the rules %j", (flags, rules) => {
  expect(parseRules(flags, () => languages)).toEqual(rules);
});

test.each<[CreateFlags, RegExp]>([
  [{ rate: "60" }, /^--rate: "60" is no rate\. Write it like 60\/min/],
  [{ rate: "0/min" }, /^--rate: /],
  [{ rate: "1/s" }, /^--rate: /],
  [{ concurrency: "0" }, /^--concurrency: "0" is no whole number from 1 /],
  [{ concurrency: "-1" }, /^--concurrency: /],
  [{ daily: "1e3" }, /^--daily: /],
  [{ daily: "" }, /^--daily: /],
  [{ languages: "python,klingon" }, /^--languages: `klingon` is unknown\. `glovebox languages`/],
  [{ languages: "" }, /^--languages: must be words with commas/],
  [{ languages: "python," }, /^--languages: must be words with commas/],
  [{ providers: "auto" }, /^--providers: `auto` is unknown\. Allowed: linux, docker, process\./],
  [{ network: "some" }, /^--network: `some` is unknown\. Allowed: none, ask, all\./],
  [
    { maxMemory: "none" },
    /^--max-memory: `none` is not a number of bytes.*Allowed: 4MiB to 1TiB\./,
  ],
  [{ maxTimeout: "none" }, /^--max-timeout: `none` .*Allowed: 10ms to 24h\./],
  [{ maxTimeout: "0s" }, /^--max-timeout: `0s` is out of range/],
])("%j is refused", (flags, message) => {
  expect(() => parseRules(flags, () => languages)).toThrow(message);
});

test.each([
  [undefined, ["run"]],
  ["admin", ["admin"]],
  ["run, admin", ["run", "admin"]],
])("--scope %s means %j", (text, scopes) => {
  expect(parseScopes(text)).toEqual(scopes);
});

test.each(["", "root", "run,,admin", "RUN"])("--scope %j is refused", (text) => {
  expect(() => parseScopes(text)).toThrow(/^--scope: /);
});

test.each<[string | undefined, number | undefined]>([
  [undefined, undefined],
  ["90d", 7_776_000_005],
  ["12h", 43_200_005],
  ["1s", 1005],
])("--expires %s", (text, at) => {
  expect(parseExpiry(text, 5)).toBe(at);
});

test.each(["", "0d", "90", "999ms", "-1d", "36501d", "99999d", "never"])(
  "--expires %j is refused",
  (text) => {
    expect(() => parseExpiry(text, 5)).toThrow(/^--expires: .*90d, 12h or 30m/);
  },
);

test("a name is one printable line", () => {
  expect(parseName()).toBe("");
  expect(parseName("Ada's key, für CI")).toBe("Ada's key, für CI");
  for (const name of ["a\nb", "\x1b[2J", "\u202eabc", "a".repeat(101), "\ud800"]) {
    expect(() => parseName(name)).toThrow(/^--name: must be at most 100 printable characters/);
  }
});
