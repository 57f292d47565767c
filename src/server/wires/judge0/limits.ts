/**
 * @module
 * Judge0's numbers: defaults, the least and the most, and what they are in ours. The operator's, and
 * the key's, own maxima are never exceeded.
 */
import type { ServerConfig } from "../../../config/server-config.ts";
import type { LoadedLanguage } from "../../../core/language.ts";
import { limitTable, type LimitName } from "../../../core/limits.ts";

export interface NumberBounds {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** The value must be greater than `min`. */
  readonly isAboveMin?: boolean;
  readonly isWhole?: boolean;
}

/** Seconds and kB of 1024 bytes, with the defaults and caps of Judge0 1.13.1. */
const judge0Table = {
  number_of_runs: { default: 1, min: 0, max: 20, isAboveMin: true, isWhole: true },
  cpu_time_limit: { default: 5, min: 0, max: 15 },
  cpu_extra_time: { default: 1, min: 0, max: 5 },
  wall_time_limit: { default: 10, min: 1, max: 20 },
  memory_limit: { default: 128_000, min: 2048, max: 512_000, isWhole: true },
  stack_limit: { default: 64_000, min: 0, max: 128_000, isWhole: true },
  max_processes_and_or_threads: { default: 60, min: 0, max: 120, isAboveMin: true, isWhole: true },
  max_file_size: { default: 1024, min: 0, max: 4096, isWhole: true },
} as const satisfies Readonly<Record<string, NumberBounds>>;

export type NumberField = keyof typeof judge0Table;
export const numberFields = Object.keys(judge0Table) as readonly NumberField[];
export type NumberTable = Readonly<Record<NumberField, NumberBounds>>;

const SECOND = 1000;
const KIB = 1024;

const ours = {
  cpu_time_limit: { name: "cpuTimeMs", unit: SECOND },
  wall_time_limit: { name: "wallTimeMs", unit: SECOND },
  memory_limit: { name: "memoryBytes", unit: KIB },
  max_processes_and_or_threads: { name: "processes", unit: 1 },
  max_file_size: { name: "outputBytes", unit: KIB },
} as const satisfies Partial<Record<NumberField, { name: LimitName; unit: number }>>;

/** @param max What the operator, and the key, allow. */
export function numberTable({ max }: ServerConfig["limits"]): NumberTable {
  const rows = Object.entries(ours).map(([field, { name, unit }]) => {
    const row: NumberBounds = judge0Table[field as NumberField];
    const most = Math.max(row.min, Math.min(row.max, max[name] / unit));
    const cap = row.isWhole === true ? Math.floor(most) : most;
    return [field, { ...row, max: cap, default: Math.min(row.default, cap) }] as const;
  });
  return { ...judge0Table, ...Object.fromEntries(rows) };
}

export type Numbers = Readonly<Record<NumberField, number>>;

export interface SandboxLimits {
  readonly wall_time_ms: number;
  readonly cpu_time_ms: number;
  readonly memory_bytes: number;
  readonly processes: number;
  readonly output_bytes: number;
}

export interface WantedLimits {
  readonly numbers: Numbers;
  readonly isNamed: (field: NumberField) => boolean;
  /** What its programs need, see `Language.limits`. */
  readonly needs: LoadedLanguage["limits"];
  /** Whether a compiler runs in the same sandbox. */
  readonly hasCompiler: boolean;
  readonly max: ServerConfig["limits"]["max"];
}

export interface HeldLimits {
  readonly limits: SandboxLimits;
  /** See `SubmissionMeta`. */
  readonly judgedMemoryBytes: number | null;
  /** What holds for the program: what it needs may be more than what nobody asked for. */
  readonly memoryBytes: number;
}

/**
 * Compilers share the sandbox with the program. Judge0 gives them its own maxima: so do we, and look
 * at the program's memory when it has ended.
 */
export function holdLimits({
  numbers,
  isNamed,
  needs,
  hasCompiler,
  max,
}: WantedLimits): HeldLimits {
  const within = (name: LimitName, value: number): number =>
    Math.max(limitTable[name].min, Math.min(Math.round(value), max[name]));
  const asked = (field: keyof typeof ours): number => {
    const { name, unit } = ours[field];
    const need = name === "memoryBytes" || name === "processes" ? (needs[name] ?? 0) : 0;
    const value = numbers[field] * unit;
    return within(name, isNamed(field) ? value : Math.max(value, need));
  };
  const shared = (field: "memory_limit" | "max_processes_and_or_threads"): number => {
    const { name, unit } = ours[field];
    if (!hasCompiler) return asked(field);
    return within(name, Math.max(asked(field), needs[name] ?? 0, judge0Table[field].max * unit));
  };
  const memoryBytes = asked("memory_limit");
  const sharedBytes = shared("memory_limit");
  return {
    limits: {
      wall_time_ms: asked("wall_time_limit"),
      cpu_time_ms: asked("cpu_time_limit"),
      memory_bytes: sharedBytes,
      processes: shared("max_processes_and_or_threads"),
      output_bytes: asked("max_file_size"),
    },
    judgedMemoryBytes: sharedBytes > memoryBytes ? memoryBytes : null,
    memoryBytes,
  };
}
