import { describe, expect, test } from "vitest";
import { formatDurationMs, parseDurationMs } from "./duration.ts";

describe("parseDurationMs", () => {
  test.each([
    ["500ms", 500],
    ["10s", 10_000],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["1.5s", 1500],
    ["4.35s", 4350],
    ["0.001s", 1],
    ["0s", 0],
    ["007s", 7000],
  ])("reads %s as %i ms", (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  test.each([
    "",
    "10",
    "s",
    "-1s",
    "+1s",
    "1e3s",
    "1.s",
    ".5s",
    "0.5ms",
    "1 s",
    " 1s",
    "1s\n",
    "1S",
    "1h30m",
    "1d",
    "Infinitys",
    "9007199254740993ms",
    "9999999999999999h",
    "99999999999999999999s",
    "١s",
  ])("refuses %j", (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });
});

test.each([
  [0, "0ms"],
  [1, "1ms"],
  [1500, "1500ms"],
  [90_000, "90s"],
  [120_000, "2m"],
  [86_400_000, "24h"],
])("%i ms is written %s and read back", (ms, text) => {
  expect(formatDurationMs(ms)).toBe(text);
  expect(parseDurationMs(text)).toBe(ms);
});
