import { expect, test } from "vitest";
import type { CallerRules } from "../core/caller.ts";
import type { KeyEntry } from "../storage/keys-store.ts";
import { formatKeys } from "./keys-format.ts";

const DAY_MS = 86_400_000;
const entry: KeyEntry = {
  id: "abcdefgh",
  name: "ci",
  scopes: ["run"],
  rules: {},
  createdAtMs: DAY_MS,
  expiresAtMs: null,
  revokedAtMs: null,
  lastUsedAtMs: null,
};
const now = 5 * DAY_MS;
const cellsOf = (key: KeyEntry): string[] =>
  (formatKeys([key], now, (_format, text) => text).split("\n")[1] ?? "").split(/ {2,}/);

test("a key is a line", () => {
  expect(cellsOf(entry)).toEqual(["abcdefgh", "ci", "run", "active", "1970-01-02", "never", "-"]);
  const used = { ...entry, name: "", scopes: ["run", "admin"], lastUsedAtMs: 2 * DAY_MS } as const;
  expect(cellsOf(used).slice(1, 6)).toEqual([
    "-",
    "run,admin",
    "active",
    "1970-01-02",
    "1970-01-03 00:00Z",
  ]);
});

test.each<[Partial<KeyEntry>, string]>([
  [{ expiresAtMs: now + 1 }, "until 1970-01-06 00:00Z"],
  [{ expiresAtMs: now }, "expired"],
  [{ revokedAtMs: 1 }, "revoked"],
  [{ revokedAtMs: 1, expiresAtMs: 1 }, "revoked"],
])("the state of %j is %s", (more, state) => {
  expect(cellsOf({ ...entry, ...more })[3]).toBe(state);
});

test.each<[CallerRules, string]>([
  [
    { requestsPerMinute: 60, maxConcurrent: 2, executionsPerDay: 10 },
    "60/min, 2 at a time, 10 a day",
  ],
  [
    { languages: ["python", "c"], providers: ["linux"], network: ["none"] },
    "languages python c, providers linux, network none",
  ],
  [{ maxLimits: { memoryBytes: 2 ** 28, wallTimeMs: 500 } }, "timeout 500ms, memory 256MiB"],
])("the rules %j in words", (rules, words) => {
  expect(cellsOf({ ...entry, rules })[6]).toBe(words);
});
