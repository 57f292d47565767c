/**
 * @module
 * From values to places: logarithmic and linear, with the values that are worth a line.
 */

export interface Scale {
  /** The place of a value. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Ticks at 1, 2 and 5 of each power of ten where there is room, else at 1. @param values Above 0. */
export function logScale(values: readonly number[], place: Range): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const steps = Math.log10(high / low) > 2.5 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    for (const step of steps) ticks.push(step * 10 ** power);
  const first = ticks.findLast((tick) => tick <= low) ?? low;
  const last = ticks.find((tick) => tick >= high) ?? high;
  const width = Math.log(last / first) || 1;
  return {
    at: (value) => place.from + ((place.to - place.from) * Math.log(value / first)) / width,
    ticks: ticks.filter((tick) => tick >= first && tick <= last),
  };
}

/** From 0, with about five ticks. */
export function linearScale(values: readonly number[], place: Range): Scale {
  const high = Math.max(...values, Number.MIN_VALUE);
  const power = 10 ** Math.floor(Math.log10(high / 4));
  const step = [1, 2, 5, 10].map((by) => by * power).find((by) => high / by <= 5) ?? high;
  const count = Math.ceil(high / step);
  const last = step * count;
  return {
    at: (value) => place.from + ((place.to - place.from) * value) / last,
    ticks: Array.from({ length: count + 1 }, (_, index) => index * step),
  };
}

/** Three digits at most, with the unit that fits: `0.35 ms`, `14 ms`, `2.9 s`. */
export function formatMs(ms: number): string {
  if (ms >= 1_000) return `${shorten(ms / 1_000)} s`;
  return `${shorten(ms)} ms`;
}

export function shorten(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(2)));
}

/** Moves places up, to smaller numbers, until none is nearer to the next than `gap`, or below `most`. */
export function spreadApart(
  places: readonly number[],
  { gap, most }: { readonly gap: number; readonly most: number },
): readonly number[] {
  const lowestFirst = places.map((_, index) => index).sort((a, b) => places[b]! - places[a]!);
  const moved = [...places];
  let free = most;
  for (const index of lowestFirst) {
    moved[index] = Math.min(places[index]!, free);
    free = moved[index] - gap;
  }
  return moved;
}
