import { describe, expect, test } from "vitest";
import { drawCharts } from "./charts.ts";
import { parseFigures } from "./figures.ts";
import { formatMs, linearScale, logScale, shorten, spreadApart } from "./scale.ts";
import { element, escapeText, picture } from "./svg.ts";

const host = { kernel: "6.18.1-custom", cpu: `<"Xeon" & 'Co'>`, cpus: 2, node: "20.20.2" };

const spread = (p50: number) => ({ p10: p50 / 2, p50, p99: p50 * 3 });

function figuresOf(points: readonly object[]): string {
  const rows = points.map((point) => ({ bench: "speed", name: "a row", value: 12, point }));
  return JSON.stringify({ host, rows: [...rows, { name: "skipped", skipped: "no reason" }] });
}

const all = figuresOf([
  { chart: "latency", group: "Python", series: "bare process", spread: spread(20) },
  { chart: "latency", group: "Python", series: "Glovebox over HTTP", spread: spread(1.5) },
  { chart: "throughput", group: "Python", series: "bare process", at: 1 },
  { chart: "throughput", group: "Python", series: "bare process", at: 16 },
  { chart: "queue", group: "time", series: "run", at: 100 },
]);

/** Every element that is opened is closed, in order. */
function isBalanced(svg: string): boolean {
  const open: string[] = [];
  for (const [, slash, name = "", rest = ""] of svg.matchAll(/<(\/?)([a-z]+)([^>]*)>/g)) {
    if (slash === "/") {
      if (open.pop() !== name) return false;
    } else if (!rest.endsWith("/")) open.push(name);
  }
  return open.length === 0;
}

describe("svg", () => {
  test("escapes text and values of attributes", () => {
    expect(escapeText(`<a href='x'>"&`)).toBe("&lt;a href=&#39;x&#39;&gt;&quot;&amp;");
    expect(element("text", { class: '"><script>' }, "")).toBe(
      '<text class="&quot;&gt;&lt;script&gt;"/>',
    );
  });

  test("rounds places to a tenth of a pixel", () => {
    expect(element("rect", { x: 1.2345, y: 2 })).toBe('<rect x="1.2" y="2"/>');
  });

  test("has a title, a description and a dark side, and no background", () => {
    const svg = picture({ width: 10, height: 9.2, title: "a < b", description: "c" });
    expect(svg).toContain('viewBox="0 0 10 10"');
    expect(svg).toContain('<title id="title">a &lt; b</title>');
    expect(svg).toContain("prefers-color-scheme: dark");
    expect(svg).not.toContain("<rect");
  });
});

describe("scales", () => {
  test("a logarithmic one begins and ends at ticks around its values", () => {
    const { at, ticks } = logScale([0.4, 2_900], { from: 100, to: 500 });
    expect(ticks).toEqual([0.1, 1, 10, 100, 1_000, 10_000]);
    expect(at(0.1)).toBeCloseTo(100);
    expect(at(10_000)).toBeCloseTo(500);
    expect(at(10) - at(1)).toBeCloseTo(at(100) - at(10));
  });

  test("a narrow one has ticks at 1, 2 and 5", () => {
    expect(logScale([12, 90], { from: 0, to: 1 }).ticks).toEqual([10, 20, 50, 100]);
  });

  test.each([
    [739, [0, 200, 400, 600, 800]],
    [1.5, [0, 0.5, 1, 1.5]],
  ])("a linear one up to %d has about five ticks from 0", (high, ticks) => {
    expect(linearScale([high], { from: 0, to: 1 }).ticks).toEqual(ticks);
  });

  test.each([
    [0.374, "0.37 ms"],
    [19.4, "19 ms"],
    [340.2, "340 ms"],
    [2_900, "2.9 s"],
  ])("%d ms is written as %s", (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });

  test("thousands are written with a comma", () => {
    expect(shorten(12_345)).toBe("12,345");
  });

  test("labels move up until none covers another, and none is below the axis", () => {
    expect(spreadApart([100, 20, 98, 99], { gap: 10, most: 95 })).toEqual([95, 20, 75, 85]);
  });
});

describe("charts", () => {
  test("are drawn of what was measured", () => {
    const charts = drawCharts(parseFigures(all));
    expect([...charts.keys()]).toEqual(["latency.svg", "peers.svg", "throughput.svg", "queue.svg"]);
    for (const svg of charts.values()) {
      expect(isBalanced(svg)).toBe(true);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      expect(svg).toContain("2 CPUs (&lt;&quot;Xeon&quot; &amp; &#39;Co&#39;&gt;), Linux 6.18.1");
    }
  });

  test("have a bar with a mark and its median for each way to run a program", () => {
    const svg = drawCharts(parseFigures(all)).get("latency.svg") ?? "";
    expect(svg.match(/fill-opacity="0.4"/g)).toHaveLength(2);
    expect(svg).toContain(">20 ms</text>");
    expect(svg).toContain(">1.5 ms</text>");
  });

  test("have a dot for each width and a name at the line's end", () => {
    const svg = drawCharts(parseFigures(all)).get("throughput.svg") ?? "";
    expect(svg.match(/<circle/g)).toHaveLength(2);
    expect(svg).toContain(">bare process 12</text>");
  });

  test("are left out where nothing of theirs was measured", () => {
    expect(drawCharts(parseFigures(figuresOf([]))).size).toBe(0);
  });

  test("refuse a file that the bench has not written", () => {
    expect(() => parseFigures("{}")).toThrow("host");
  });
});
