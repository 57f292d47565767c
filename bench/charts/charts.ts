/**
 * @module
 * The charts of README.md and docs/performance.md, by their files' names.
 */
import type { Figures } from "./figures.ts";
import { drawLatency } from "./latency.ts";
import { drawLines } from "./lines.ts";

const bars = "Bar: 10th to 99th percentile. Mark and number: median. Less is better.";

/** Those for which `figures` has something. */
export function drawCharts(figures: Figures): ReadonlyMap<string, string> {
  const charts: readonly (readonly [string, string | undefined])[] = [
    [
      "latency.svg",
      drawLatency(figures, {
        title: "How long a hello takes",
        notes: [
          bars,
          "Cold: nothing could be prepared for it. Of C++ and Java it is a new source, the other an unchanged one.",
        ],
        rows: "group",
        series: ["bare process", "Glovebox over HTTP, cold", "Glovebox over HTTP"],
      }),
    ],
    [
      "peers.svg",
      drawLatency(figures, {
        title: "The same Python hello, isolated in several ways",
        notes: [bars],
        rows: "series",
        groups: ["Python"],
        series: [
          "Glovebox over HTTP",
          "Glovebox in the process",
          "bare process",
          "bwrap",
          "firejail",
          "sandbox-runtime",
          "docker exec",
          "docker run",
        ],
      }),
    ],
    [
      "throughput.svg",
      drawLines(figures, {
        chart: "throughput",
        title: "Runs a second, sustained",
        note: "As many at a time as the axis says, Glovebox through HTTP. More is better.",
        across: "at a time",
        nameWidth: 100,
        panels: [
          { group: "Python", title: "Python hello", unit: "runs a second" },
          { group: "Node.js", title: "Node.js hello", unit: "runs a second" },
        ],
      }),
    ],
    [
      "queue.svg",
      drawLines(figures, {
        chart: "queue",
        title: "What an execution costs as the queue grows",
        note: "So many executions are accepted and wait, then run. Flat time, memory of the queue alone.",
        across: "waiting executions (logarithmic)",
        nameWidth: 0,
        panels: [
          { group: "time", title: "Time of an execution", unit: "ms" },
          { group: "memory", title: "Memory of the server", unit: "MB" },
        ],
      }),
    ],
  ];
  return new Map(
    charts.flatMap(([name, svg]) => (svg === undefined ? [] : [[name, svg] as const])),
  );
}
