/**
 * @module
 * A limit's value as people write it on the command line.
 */
import { limitTable } from "../core/limits.ts";
import type { LimitName, Unlimited } from "../core/limits.ts";
import { formatDurationMs } from "../util/duration.ts";
import { formatSizeBytes } from "../util/size.ts";

/** The value in the unit that the limit's name ends with; `none` where there is no limit. */
export function formatLimit(name: LimitName, value: number | Unlimited): string {
  if (value === "unlimited") return "none";
  if (name.endsWith("Ms")) return formatDurationMs(value);
  if (name.endsWith("Bytes")) return formatSizeBytes(value);
  return String(value);
}

/** `64KiB to 1TiB`: the values that can be asked for. */
export function formatLimitRange(name: LimitName): string {
  const { min, max } = limitTable[name];
  return `${formatLimit(name, min)} to ${formatLimit(name, max)}`;
}
