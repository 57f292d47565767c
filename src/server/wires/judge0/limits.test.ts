import { expect, test } from "vitest";
import { defaultServerConfig } from "../../../config/server-config.ts";
import { holdLimits, numberFields, numberTable, type Numbers } from "./limits.ts";

const { limits } = defaultServerConfig();
const MIB = 2 ** 20;

const usual = Object.fromEntries(
  numberFields.map((field) => [field, numberTable(limits)[field].default]),
) as Numbers;

const hold = (named: Partial<Numbers>, more: object = {}): ReturnType<typeof holdLimits> =>
  holdLimits({
    numbers: { ...usual, ...named },
    isNamed: (field) => Object.hasOwn(named, field),
    needs: {},
    hasCompiler: false,
    max: limits.max,
    ...more,
  });

test("Judge0's defaults, in our units", () => {
  expect(hold({})).toEqual({
    limits: {
      wall_time_ms: 10_000,
      cpu_time_ms: 5000,
      memory_bytes: 128_000 * 1024,
      processes: 60,
      output_bytes: MIB,
    },
    judgedMemoryBytes: null,
    memoryBytes: 128_000 * 1024,
  });
});

test("0, and what is less than ours can be, is the least that there is", () => {
  const least = { cpu_time_limit: 0, memory_limit: 2048, max_file_size: 0 };
  expect(hold(least).limits).toMatchObject({
    cpu_time_ms: 10,
    memory_bytes: 4 * MIB,
    output_bytes: 1,
  });
});

test("a compiler in the same sandbox gets Judge0's most, and the program's memory is judged", () => {
  expect(hold({ memory_limit: 64_000 }, { hasCompiler: true })).toMatchObject({
    limits: { memory_bytes: 512_000 * 1024, processes: 120 },
    judgedMemoryBytes: 64_000 * 1024,
    memoryBytes: 64_000 * 1024,
  });
});

test("what a language needs is given to who asks for nothing", () => {
  const needs = { memoryBytes: 1024 * MIB, processes: 128 };
  expect(hold({}, { needs }).limits).toMatchObject({ memory_bytes: 1024 * MIB, processes: 128 });
  const named = hold({ memory_limit: 128_000, max_processes_and_or_threads: 20 }, { needs });
  expect(named.limits).toMatchObject({ memory_bytes: 128_000 * 1024, processes: 20 });
  expect(hold({}, { needs, hasCompiler: true }).judgedMemoryBytes).toBe(null);
});

test("nothing exceeds what the operator allows", () => {
  const max = {
    ...limits.max,
    wallTimeMs: 500,
    cpuTimeMs: 1000,
    memoryBytes: 64 * MIB,
    processes: 8,
    outputBytes: 1000,
  };
  const needs = { memoryBytes: 1024 * MIB };
  expect(hold({}, { max, needs, hasCompiler: true }).limits).toEqual({
    wall_time_ms: 500,
    cpu_time_ms: 1000,
    memory_bytes: 64 * MIB,
    processes: 8,
    output_bytes: 1000,
  });
  expect(numberTable({ ...limits, max })).toMatchObject({
    cpu_time_limit: { default: 1, max: 1 },
    memory_limit: { default: 65_536, max: 65_536 },
    max_processes_and_or_threads: { default: 8, max: 8 },
    max_file_size: { default: 0, max: 0 },
  });
});
