import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { PoolStats } from "../core/provider.ts";
import { formatFigures, formatSettings, poolFact } from "./pool-facts.ts";

const MIB = 2 ** 20;

const pool: PoolStats = {
  ready: 12,
  readyBytes: 31 * MIB + 1,
  oldestMs: 41_600,
  hits: 4_821,
  misses: 200,
  made: 1000,
  makeMs: 7_400,
};
const unused = { ...pool, ready: 0, oldestMs: 0, hits: 0, misses: 0, made: 0, makeMs: 0 };

test.each<[PoolStats | null, number, string]>([
  [
    pool,
    0,
    "12 ready (31 MiB, the oldest for 42 s), 96 % of 5,021 that were asked for were ready, built in 7 ms each, 0 being destroyed",
  ],
  // 99.9 % are not all.
  [
    { ...pool, hits: 999, misses: 1 },
    3,
    "12 ready (31 MiB, the oldest for 42 s), 99 % of 1,000 that were asked for were ready, built in 7 ms each, 3 being destroyed",
  ],
  [unused, 0, "0 ready, 0 being destroyed"],
  [
    { ...unused, misses: 3 },
    0,
    "0 ready, 0 % of 3 that were asked for were ready, 0 being destroyed",
  ],
  [null, 2, "this user's server keeps nothing ready, 2 being destroyed"],
])("figures of a server as people read them: %j", (stats, destroying, text) => {
  expect(formatFigures({ pool: stats, destroying })).toBe(text);
});

test("settings as people read them", () => {
  const settings = { size: 16, memoryBytes: 512 * MIB, fork: "on" } as const;
  const text = "one would keep up to 16 ready, of 512MiB at most, forks on";
  expect(formatSettings(settings)).toBe(text);
  expect(formatSettings({ ...settings, size: 0 })).toBe(
    "one would keep nothing ready (pools.size)",
  );
});

test.each([
  ["pools: { size: 3, memory: 64MiB, fork: off }", "up to 3 ready, of 64MiB at most, forks off"],
  ["pools: { size: -1 }", "none would start here: "],
])("without a server it is told what one would do: %s", async (yaml, text) => {
  const folder = mkdtempSync(join(tmpdir(), "glovebox-pools-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, "glovebox.yaml"), yaml);
  const [name, fact] = await poolFact({ env: { XDG_STATE_HOME: folder }, cwd: folder });
  expect(name).toBe("pools");
  expect(fact).toMatch(/^no server of this user runs here; /);
  expect(fact).toContain(text);
});
