/**
 * @module
 * Sizes as people write them at the edge: `256MiB`, `512kB`, `1048576`. Inside they are bytes.
 */

/** Powers of 1024 have an `i`, powers of 1000 do not; as in ISO/IEC 80000-13. */
const unitBytes: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** What a size may look like, for the message of whoever refuses one. */
export const sizeFormat = "a number of bytes, or a number and a unit: 64KiB, 256MiB, 1GiB, 512kB";

/**
 * Parses `256MiB` to bytes; without a unit the number is bytes. The number is decimal, without sign
 * or exponent, and may have a fraction if whole bytes come out (`1.5GiB`). `0` is 0: the caller
 * checks its own range. `256M` is undefined, because programs disagree about what it means, and so
 * is anything else, and what exceeds 2^53 - 1 bytes.
 */
export function parseSizeBytes(text: string): number | undefined {
  const match = /^(\d{1,16}(?:\.\d{1,9})?)(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?$/.exec(text);
  if (match === null) return undefined;
  const [, digits = "", unit = "B"] = match;
  const bytes = Number(digits) * (unitBytes[unit] ?? Number.NaN);
  // 4.35MB is 4349999.999999999 in floating point; what people wrote is whole.
  const whole = Math.round(bytes);
  return Number.isSafeInteger(whole) && Math.abs(bytes - whole) < 1e-6 ? whole : undefined;
}

/** Writes bytes in the largest unit that gives a whole number: 268435456 is `256MiB`, 1000 is `1000B`. */
export function formatSizeBytes(bytes: number): string {
  for (const unit of ["TiB", "GiB", "MiB", "KiB"] as const) {
    const size = unitBytes[unit] ?? 1;
    if (bytes !== 0 && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}B`;
}
