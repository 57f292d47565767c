/**
 * @module
 * Lines of charts as SVG has them.
 */

/** The highest value; 1 where there is none, so that a line of nothing lies at the bottom. */
export function topOf(values: readonly (number | null)[]): number {
  return values.reduce<number>((top, value) => Math.max(top, value ?? 0), 0) || 1;
}

export interface ChartSize {
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Where there is no value, the line has a gap. The last value is at the right edge. */
export function pathOf(
  values: readonly (number | null)[],
  { top, width, height }: ChartSize,
): string {
  const step = width / Math.max(values.length - 1, 1);
  let isOpen = false;
  return values
    .map((value, index) => {
      if (value === null) {
        isOpen = false;
        return "";
      }
      const command = isOpen ? "L" : "M";
      isOpen = true;
      const y = height - (value / top) * (height - 2) - 1;
      return `${command}${(index * step).toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}
