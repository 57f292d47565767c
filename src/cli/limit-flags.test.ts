import { describe, expect, test } from "vitest";
import { isGloveboxError, type GloveboxError } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";
import { limitFlags, parseLimits, type RawLimits } from "./limit-flags.ts";

describe("a limit flag", () => {
  test.each<[RawLimits, Partial<Limits>]>([
    [{ timeout: "10s" }, { wallTimeMs: 10_000 }],
    [{ timeout: "1500ms" }, { wallTimeMs: 1500 }],
    [{ timeout: "none" }, { wallTimeMs: "unlimited" }],
    [{ cpu: "2m" }, { cpuTimeMs: 120_000 }],
    [{ cpu: "none" }, { cpuTimeMs: "unlimited" }],
    [{ memory: "256MiB" }, { memoryBytes: 256 * 1024 ** 2 }],
    [{ memory: "8388608" }, { memoryBytes: 8 * 1024 ** 2 }],
    [{ processes: "1" }, { processes: 1 }],
    [{ output: "64KiB" }, { outputBytes: 65_536 }],
    [{ output: "none" }, { outputBytes: "unlimited" }],
    [{ disk: "1GiB" }, { diskBytes: 1024 ** 3 }],
    [{ openFiles: "64" }, { openFiles: 64 }],
  ])("%j means %j", (raw, expected) => {
    expect(parseLimits(raw)).toMatchObject(expected);
  });

  test.each<[RawLimits, string, string]>([
    [{ timeout: "10" }, "--timeout", "10"],
    [{ timeout: "0s" }, "--timeout", "0s"],
    [{ timeout: "-1s" }, "--timeout", "-1s"],
    [{ timeout: "" }, "--timeout", ""],
    [{ timeout: "48h" }, "--timeout", "48h"],
    [{ timeout: "unlimited" }, "--timeout", "unlimited"],
    [{ cpu: "1e3s" }, "--cpu", "1e3s"],
    [{ memory: "none" }, "--memory", "none"],
    [{ memory: "0" }, "--memory", "0"],
    [{ memory: "1KiB" }, "--memory", "1KiB"],
    [{ memory: "lots" }, "--memory", "lots"],
    [{ memory: "-256MiB" }, "--memory", "-256MiB"],
    [{ processes: "0" }, "--processes", "0"],
    [{ processes: "1.5" }, "--processes", "1.5"],
    [{ processes: "none" }, "--processes", "none"],
    [{ processes: "999999999999" }, "--processes", "999999999999"],
    [{ output: "0" }, "--output", "0"],
    [{ disk: "1" }, "--disk", "1"],
    [{ openFiles: "7" }, "--open-files", "7"],
    [{ openFiles: "0x40" }, "--open-files", "0x40"],
  ])("%j is refused, naming flag, value and what is allowed", (raw, flag, value) => {
    const error = failureOf(() => parseLimits(raw));
    expect(error.code).toBe("INVALID_REQUEST");
    expect(error.message).toContain(`${flag}: \`${value}\``);
    expect(error.message).toMatch(/Allowed: .+ to .+/);
  });

  test("says `none` is allowed only where it is", () => {
    for (const { option, canBeNone } of limitFlags) {
      const error = failureOf(() => parseLimits({ [option]: "?" }));
      expect(error.message.includes("`none`")).toBe(canBeNone);
    }
  });

  test("has a default that is its documented one", () => {
    expect(parseLimits({})).toEqual({
      wallTimeMs: "unlimited",
      cpuTimeMs: "unlimited",
      memoryBytes: 1024 ** 3,
      processes: 512,
      outputBytes: "unlimited",
      diskBytes: 256 * 1024 ** 2,
      openFiles: 1024,
    });
  });
});

function failureOf(work: () => unknown): GloveboxError {
  try {
    work();
  } catch (error) {
    if (isGloveboxError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
