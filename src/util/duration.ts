/**
 * @module
 * Durations as people write them at the edge: `500ms`, `10s`, `2m`, `1h`. Inside they are ms.
 */

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** What a duration may look like, for the message of whoever refuses one. */
export const durationFormat = "a number and a unit: 500ms, 10s, 2m, 1h";

/**
 * Parses `10s` to ms. The unit is required and lower case; the number is decimal, without sign or
 * exponent, and may have a fraction if whole ms come out (`1.5s`). `0s` is 0: the caller checks
 * its own range. Anything else, and what exceeds 2^53 - 1 ms, is undefined.
 */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d{1,16}(?:\.\d{1,9})?)(ms|s|m|h)$/.exec(text);
  if (match === null) return undefined;
  const [, digits = "", unit = ""] = match;
  const ms = Number(digits) * (unitMs[unit] ?? Number.NaN);
  // 4.35s is 4350.000000000001 in floating point; what people wrote is whole.
  const whole = Math.round(ms);
  return Number.isSafeInteger(whole) && Math.abs(ms - whole) < 1e-6 ? whole : undefined;
}

/** Writes ms in the largest unit that gives a whole number: 90000 is `90s`, 3600000 is `1h`. */
export function formatDurationMs(ms: number): string {
  for (const unit of ["h", "m", "s"] as const) {
    const size = unitMs[unit] ?? 1;
    if (ms !== 0 && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}
