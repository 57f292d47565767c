/**
 * @module
 * Lines over an axis of doublings or powers of ten, in panels beside each other. A line is named at
 * its end.
 */
import { colorOf } from "./colors.ts";
import { groupsOf, type Figures, type Point } from "./figures.ts";
import { linearScale, shorten, spreadApart, type Scale } from "./scale.ts";
import { element, escapeText, label, line, picture } from "./svg.ts";

const WIDTH = 760;
const TOP = 104;
const PLOT_HEIGHT = 210;
const HEIGHT = TOP + PLOT_HEIGHT + 78;
const SIDE = 16;
const AXIS_WIDTH = 38;
/** Between the axis and the first point. */
const INSET = 12;
/** For the last number below the axis. */
const RIGHT = 34;
const LABEL_GAP = 15;

export interface LinesChart {
  readonly chart: "throughput" | "queue";
  readonly title: string;
  readonly note: string;
  /** What lies along the horizontal axis. */
  readonly across: string;
  /** In their order, by the points' groups. */
  readonly panels: readonly Panel[];
  /** Room for the names at the lines' ends; 0: lines have none. */
  readonly nameWidth: number;
}

interface Panel {
  readonly group: string;
  readonly title: string;
  readonly unit: string;
}

type Placed = Point & { readonly at: number };

/** Undefined where nothing of it was measured. */
export function drawLines(figures: Figures, chart: LinesChart): string | undefined {
  const points = figures.points.filter(
    (point): point is Placed => point.chart === chart.chart && point.at !== undefined,
  );
  const panels = chart.panels.filter(({ group }) => points.some((point) => point.group === group));
  if (panels.length === 0) return undefined;
  const width = (WIDTH - 2 * SIDE) / panels.length;
  const { title, note } = chart;
  return picture(
    { width: WIDTH, height: HEIGHT, title, description: describe(points) },
    label(SIDE, 26, title, { style: "title" }),
    label(SIDE, 45, note),
    ...panels.flatMap((panel, index) => {
      const own = points.filter(({ group }) => group === panel.group);
      return drawPanel(own, panel, chart, { x: SIDE + index * width, width });
    }),
    label(SIDE, HEIGHT - 12, figures.host, { style: "small" }),
  );
}

function drawPanel(
  points: readonly Placed[],
  { title, unit }: Panel,
  { across, nameWidth }: LinesChart,
  place: { readonly x: number; readonly width: number },
): readonly string[] {
  const frame: Frame = {
    left: place.x + AXIS_WIDTH + INSET,
    right: place.x + place.width - nameWidth - RIGHT,
    bottom: TOP + PLOT_HEIGHT,
  };
  const up = linearScale(
    points.map(({ value }) => value),
    { from: frame.bottom, to: TOP },
  );
  const places = [...new Set(points.map(({ at }) => at))].sort((a, b) => a - b);
  const along = evenly(places, frame);
  const lines = groupsOf(points, "series").map((name) =>
    points.filter(({ series }) => series === name),
  );
  const axisTitle = label((frame.left + frame.right) / 2, frame.bottom + 35, across, centred);
  return [
    label(place.x, TOP - 34, title, { style: "strong" }),
    label(place.x, TOP - 18, unit, { style: "small" }),
    ...upwards(up, frame),
    ...places.map((at) =>
      label(along.at(at), frame.bottom + 17, at.toLocaleString("en-US"), centred),
    ),
    axisTitle,
    ...lines.flatMap((line) => drawLine(line, up, along)),
    ...(nameWidth === 0
      ? points.map((point) => valueBelow(point, along.at(point.at), up.at(point.value)))
      : namesAtEnds(lines, up, frame)),
  ];
}

interface Frame {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
}

const centred = { anchor: "middle", style: "small" } as const;

function upwards(up: Scale, { left, right }: Frame): readonly string[] {
  return up.ticks.flatMap((tick) => [
    line(left - INSET, up.at(tick), right + INSET, up.at(tick), tick === 0 ? "axis" : "grid"),
    label(left - INSET - 6, up.at(tick) + 4, shorten(tick), { anchor: "end", style: "small" }),
  ]);
}

/** Doublings and powers of ten lie as far from each other. */
function evenly(places: readonly number[], { left, right }: Frame): Pick<Scale, "at"> {
  const step = (right - left) / Math.max(places.length - 1, 1);
  return { at: (value) => left + Math.max(places.indexOf(value), 0) * step };
}

function drawLine(
  points: readonly Placed[],
  up: Scale,
  along: Pick<Scale, "at">,
): readonly string[] {
  const stroke = colorOf(points[0]!.series);
  const corners = points.map(({ at, value }) => [along.at(at), up.at(value)] as const);
  const path = corners.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  const style = { fill: "none", stroke, "stroke-width": 2.5, "stroke-linejoin": "round" };
  const dots = points.map(({ series, at, value }, index) => {
    const [cx, cy] = corners[index]!;
    const hint = element("title", {}, escapeText(`${series}, ${at}: ${shorten(value)}`));
    return element("circle", { cx, cy, r: 3.5, fill: stroke }, hint);
  });
  return [element("polyline", { points: path, ...style }), ...dots];
}

function namesAtEnds(
  lines: readonly (readonly Placed[])[],
  up: Scale,
  { right, bottom }: Frame,
): readonly string[] {
  const ends = lines.map((line) => line.at(-1)!);
  const places = spreadApart(
    ends.map(({ value }) => up.at(value) + 4),
    { gap: LABEL_GAP, most: bottom + 4 },
  );
  return ends.map(({ series, value }, index) => {
    const style = `fill: ${colorOf(series)}; font-weight: 600`;
    const text = escapeText(`${series.replace(" over HTTP", "")} ${shorten(value)}`);
    return element(
      "text",
      { x: right + INSET + 6, y: places[index]!, class: "small", style },
      text,
    );
  });
}

function valueBelow({ value }: Placed, x: number, y: number): string {
  return label(x, y + 20, shorten(value), centred);
}

function describe(points: readonly Placed[]): string {
  return points
    .map(({ group, series, at, value }) => `${group}, ${series}, ${at}: ${shorten(value)}`)
    .join("; ");
}
