/**
 * @module
 * How well one colour can be told from another, as WCAG 2.2 has it: for tests of what the page shows.
 */

/** Red, green and blue, each from 0 to 1. */
type Parts = readonly number[];

/** From 1 to 21. */
export function contrast(one: Parts, other: Parts): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(parts: Parts): number {
  const [red = 0, green = 0, blue = 0] = parts.map((part) =>
    part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
