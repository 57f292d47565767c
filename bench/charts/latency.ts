/**
 * @module
 * How long programs take: for each a bar from the 10th to the 99th percentile, with a mark at the
 * median, on a logarithmic axis.
 */
import { colorOf } from "./colors.ts";
import { groupsOf, type Figures, type Point } from "./figures.ts";
import { formatMs, logScale, type Scale } from "./scale.ts";
import { element, escapeText, label, line, picture } from "./svg.ts";

const WIDTH = 760;
const LEFT = 190;
const RIGHT = 70;
/** Of the first bar; a legend has a line above it. */
const TOP = { group: 106, series: 82 } as const;
const ABOVE = 14;
const ROW = 17;
const BAR = 9;
const GROUP_GAP = 13;
const BOTTOM = 52;
const AVERAGE_LETTER = 6.3;

type Timed = Point & { readonly spread: NonNullable<Point["spread"]> };

interface Row {
  readonly text: string;
  readonly y: number;
  readonly point: Timed;
}

export interface LatencyChart {
  readonly title: string;
  /** At most two lines. */
  readonly notes: readonly string[];
  /** What each bar is named after: its program, or who runs it. */
  readonly rows: "group" | "series";
  readonly series: readonly string[];
  /** Absent: all of them. */
  readonly groups?: readonly string[];
}

/** Undefined where nothing of it was measured. */
export function drawLatency(figures: Figures, chart: LatencyChart): string | undefined {
  const points = figures.points.filter(
    (point): point is Timed =>
      point.chart === "latency" &&
      point.spread !== undefined &&
      chart.series.includes(point.series) &&
      (chart.groups?.includes(point.group) ?? true),
  );
  if (points.length === 0) return undefined;
  const rows = placeRows(points, chart);
  const bottom = rows.at(-1)!.y + ROW / 2 + GROUP_GAP / 2;
  const spreads = points.flatMap(({ spread }) => [spread.p10, spread.p99]);
  const scale = logScale(spreads, { from: LEFT, to: WIDTH - RIGHT });
  const { title, notes } = chart;
  return picture(
    { width: WIDTH, height: bottom + BOTTOM, title, description: describe(points) },
    label(16, 26, title, { style: "title" }),
    ...notes.map((note, index) => label(16, 45 + index * 17, note)),
    ...(chart.rows === "group" ? legend(chart.series) : []),
    ...axis(scale, TOP[chart.rows] - ABOVE, bottom),
    ...rows.flatMap((row) => drawRow(row, scale)),
    label(16, bottom + 40, figures.host, { style: "small" }),
  );
}

/** Bars of one program lie together, in the order of the series. */
function placeRows(points: readonly Timed[], { rows, series }: LatencyChart): readonly Row[] {
  let y: number = TOP[rows];
  const placed: Row[] = [];
  if (rows === "series") {
    const sorted = [...points].sort((a, b) => a.spread.p50 - b.spread.p50);
    return sorted.map((point, index) => ({ text: point.series, y: y + index * (ROW + 6), point }));
  }
  for (const group of groupsOf(points, "group")) {
    const own = series.flatMap((name) =>
      points.filter((point) => point.group === group && point.series === name),
    );
    for (const [index, point] of own.entries())
      placed.push({ text: index === 0 ? group : "", y: y + index * ROW, point });
    y += own.length * ROW + GROUP_GAP;
  }
  return placed;
}

function drawRow({ text, y, point }: Row, scale: Scale): readonly string[] {
  const { p10, p50, p99 } = point.spread;
  const [from, middle, to] = [scale.at(p10), scale.at(p50), scale.at(p99)];
  const fill = colorOf(point.series);
  const bar = { x: from, y: y - BAR / 2, width: Math.max(to - from, 2), height: BAR, rx: 2, fill };
  const hint = `${point.group}, ${point.series}: median ${formatMs(p50)}, 10th percentile ${formatMs(p10)}, 99th ${formatMs(p99)}`;
  return [
    ...(text === "" ? [] : [label(LEFT - 14, y + 4, text, { anchor: "end", style: "strong" })]),
    element("rect", { ...bar, "fill-opacity": 0.4 }, element("title", {}, escapeText(hint))),
    element("rect", { x: middle - 2, y: y - 7, width: 4, height: 14, rx: 2, fill }),
    label(to + 7, y + 4, formatMs(p50), { style: "small" }),
  ];
}

function axis(scale: Scale, top: number, bottom: number): readonly string[] {
  return scale.ticks.flatMap((tick) => [
    line(scale.at(tick), top, scale.at(tick), bottom, "grid"),
    label(scale.at(tick), bottom + 16, formatMs(tick), { anchor: "middle", style: "small" }),
  ]);
}

function legend(series: readonly string[]): readonly string[] {
  let x = LEFT;
  return series.flatMap((name) => {
    const square = element("rect", { x, y: 74, width: 10, height: 10, rx: 2, fill: colorOf(name) });
    const text = label(x + 15, 83, name, { style: "small" });
    x += 15 + name.length * AVERAGE_LETTER + 18;
    return [square, text];
  });
}

function describe(points: readonly Timed[]): string {
  return points
    .map(({ group, series, spread }) => `${group}, ${series}: median ${formatMs(spread.p50)}`)
    .join("; ");
}
