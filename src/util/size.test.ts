import { describe, expect, test } from "vitest";
import { formatSizeBytes, parseSizeBytes } from "./size.ts";

describe("parseSizeBytes", () => {
  test.each([
    ["0", 0],
    ["1048576", 1_048_576],
    ["12B", 12],
    ["64KiB", 65_536],
    ["256MiB", 268_435_456],
    ["1GiB", 1_073_741_824],
    ["1.5GiB", 1_610_612_736],
    ["2TiB", 2_199_023_255_552],
    ["512kB", 512_000],
    ["512KB", 512_000],
    ["4.35MB", 4_350_000],
    ["1GB", 1_000_000_000],
    ["1TB", 1_000_000_000_000],
  ])("reads %s as %i bytes", (text, bytes) => {
    expect(parseSizeBytes(text)).toBe(bytes);
  });

  test.each([
    "",
    "MiB",
    "-1",
    "+1",
    "1e6",
    "0x10",
    "1.5",
    "0.3KiB",
    "1 MiB",
    "1MiB\n",
    "256M",
    "256m",
    "256mib",
    "NaN",
    "Infinity",
    "9007199254740993",
    "9000TiB",
  ])("refuses %j", (text) => {
    expect(parseSizeBytes(text)).toBeUndefined();
  });
});

test.each([
  [0, "0B"],
  [1000, "1000B"],
  [65_536, "64KiB"],
  [268_435_456, "256MiB"],
  [1_099_511_627_776, "1TiB"],
])("%i bytes are written %s and read back", (bytes, text) => {
  expect(formatSizeBytes(bytes)).toBe(text);
  expect(parseSizeBytes(text)).toBe(bytes);
});
