/**
 * @module
 * What the bench has written with `--json`, as far as charts need it.
 */
import { z } from "zod";
import type { ChartPoint } from "../bench.ts";

const spreadSchema = z.object({ p10: z.number(), p50: z.number(), p99: z.number() });
const pointSchema = z.object({
  chart: z.enum(["latency", "throughput", "queue"]),
  group: z.string(),
  series: z.string(),
  at: z.number().optional(),
  spread: spreadSchema.optional(),
});
const fileSchema = z.object({
  host: z.object({
    kernel: z.string(),
    cpu: z.string().optional(),
    cpus: z.number(),
    node: z.string(),
  }),
  rows: z.array(z.object({ value: z.number().optional(), point: pointSchema.optional() })),
});

export interface Figures {
  /** The machine, in a line. */
  readonly host: string;
  readonly points: readonly Point[];
}

/** A point with its row's value. */
export type Point = Omit<z.output<typeof pointSchema>, "chart"> & {
  readonly chart: ChartPoint["chart"];
  readonly value: number;
};

/** @throws {Error} Where the text is not what the bench writes. */
export function parseFigures(text: string): Figures {
  const { host, rows } = fileSchema.parse(JSON.parse(text));
  const points = rows.flatMap(({ value, point }) =>
    value === undefined || point === undefined ? [] : [{ ...point, value }],
  );
  const cpu = host.cpu === undefined ? "" : ` (${host.cpu})`;
  return {
    host: `${host.cpus} CPUs${cpu}, Linux ${host.kernel.split("-")[0] ?? ""}, Node.js ${host.node}`,
    points,
  };
}

/** In the order in which they come first. */
export function groupsOf(points: readonly Point[], key: "group" | "series"): readonly string[] {
  return [...new Set(points.map((point) => point[key]))];
}
