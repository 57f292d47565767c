/**
 * @module
 * The limit flags of `glovebox run`: one row each. Help, parsing and the message after a limit was
 * hit are made from these rows.
 */
import { invalidRequest } from "../core/errors.ts";
import { limitTable } from "../core/limits.ts";
import type { LimitName, Limits, Unlimited } from "../core/limits.ts";
import { durationFormat, parseDurationMs } from "../util/duration.ts";
import { parseSizeBytes, sizeFormat } from "../util/size.ts";
import { formatLimitRange } from "./format-limit.ts";

export interface LimitFlag {
  readonly limit: LimitName;
  readonly flag: `--${string}`;
  /** The flag as a property name. */
  readonly option: string;
  /** How a value is written; shown in the help. */
  readonly valueName: "TIME" | "SIZE" | "COUNT";
  readonly help: string;
  /** Only these can be switched off with the word `none`. */
  readonly canBeNone: boolean;
  /**
   * Of a run from the command line. A person is there to press Ctrl-C and has builds and tests to
   * run, so times and output are open and the rest is wider than over HTTP (`limitTable`).
   */
  readonly default: number | Unlimited;
}

const MIB = 1024 ** 2;

export const limitFlags = [
  {
    limit: "wallTimeMs",
    flag: "--timeout",
    option: "timeout",
    valueName: "TIME",
    help: "end it after this time (500ms, 10s, 2m, 1h)",
    canBeNone: true,
    default: "unlimited",
  },
  {
    limit: "cpuTimeMs",
    flag: "--cpu",
    option: "cpu",
    valueName: "TIME",
    help: "end it after this CPU time of all its processes",
    canBeNone: true,
    default: "unlimited",
  },
  {
    limit: "memoryBytes",
    flag: "--memory",
    option: "memory",
    valueName: "SIZE",
    help: "memory of all its processes and files (256MiB, 1GiB)",
    canBeNone: false,
    default: 1024 * MIB,
  },
  {
    limit: "processes",
    flag: "--processes",
    option: "processes",
    valueName: "COUNT",
    help: "processes and threads at the same time",
    canBeNone: false,
    default: 512,
  },
  {
    limit: "outputBytes",
    flag: "--output",
    option: "output",
    valueName: "SIZE",
    help: "bytes kept of stdout, and of stderr",
    canBeNone: true,
    default: "unlimited",
  },
  {
    limit: "diskBytes",
    flag: "--disk",
    option: "disk",
    valueName: "SIZE",
    help: "files it may write in its own folders",
    canBeNone: false,
    default: 256 * MIB,
  },
  {
    limit: "openFiles",
    flag: "--open-files",
    option: "openFiles",
    valueName: "COUNT",
    help: "open files of one process",
    canBeNone: false,
    default: 1024,
  },
] as const satisfies readonly LimitFlag[];

/** What was written for each limit flag; absent: the default. */
export type RawLimits = Readonly<
  Partial<Record<(typeof limitFlags)[number]["option"], string | undefined>>
>;

/** @throws {GloveboxError} `INVALID_REQUEST` naming flag, value and what is allowed. */
export function parseLimits(raw: RawLimits): Limits {
  const values: Partial<Record<LimitName, number | Unlimited>> = {};
  for (const row of limitFlags) {
    const text = raw[row.option];
    values[row.limit] = text === undefined ? row.default : parseLimit(row, text);
  }
  // Every row sets its own limit, and only rows with `canBeNone` yield `unlimited`.
  return values as Limits;
}

/** The limits that were written. */
export function namedLimits(raw: RawLimits): ReadonlySet<LimitName> {
  const named = limitFlags.filter(({ option }) => raw[option] !== undefined);
  return new Set(named.map(({ limit }) => limit));
}

/** The flag that sets a limit. */
export function flagOf(limit: LimitName): string {
  return limitFlags.find((row) => row.limit === limit)?.flag ?? limit;
}

/** @throws {GloveboxError} `INVALID_REQUEST` naming flag, value and what is allowed. */
export function parseLimit(row: LimitFlag, text: string): number | Unlimited {
  if (text === "none" && row.canBeNone) return "unlimited";
  const value = parsers[row.valueName](text);
  const { min, max } = limitTable[row.limit];
  if (value !== undefined && value >= min && value <= max) return value;
  const none = row.canBeNone ? ", or `none`" : "";
  const fault = value === undefined ? faults[row.valueName] : "is out of range";
  throw invalidRequest(
    row.flag,
    `\`${text}\` ${fault}. Allowed: ${formatLimitRange(row.limit)}${none}.`,
  );
}

const parsers: Readonly<Record<LimitFlag["valueName"], (text: string) => number | undefined>> = {
  TIME: parseDurationMs,
  SIZE: parseSizeBytes,
  COUNT: (text) => (/^[0-9]{1,9}$/.test(text) ? Number(text) : undefined),
};

const faults: Readonly<Record<LimitFlag["valueName"], string>> = {
  TIME: `is not ${durationFormat}`,
  SIZE: `is not ${sizeFormat}`,
  COUNT: "is not a whole number",
};
