/**
 * @module
 * The last hour as lines: what ran and waited, what ended how, how long it took.
 */
import type { AdminHistory } from "../../../src/client/admin-types.ts";
import { formatMs } from "../run/describe-end.ts";
import { pathOf, topOf } from "./chart-path.ts";

interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

export function Charts({ history: { samples } }: { readonly history: AdminHistory }) {
  const perMinute = (count: number, spanMs: number): number =>
    spanMs === 0 ? 0 : (count * 60_000) / spanMs;
  const ended = samples.map(({ outcomes, span_ms: spanMs }) =>
    perMinute(
      Object.values(outcomes).reduce((sum, count) => sum + count, 0),
      spanMs,
    ),
  );
  const refused = samples.map((sample) => perMinute(sample.refused, sample.span_ms));
  return (
    <section class="charts" aria-label="The last hour">
      <Chart
        title="At the same time"
        format={String}
        lines={[
          { name: "running", values: samples.map(({ running }) => running) },
          { name: "waiting", values: samples.map(({ queued }) => queued) },
        ]}
      />
      <Chart
        title="A minute"
        format={(value) => String(Math.round(value))}
        lines={[
          { name: "ended", values: ended },
          { name: "refused", values: refused },
        ]}
      />
      <Chart
        title="Time of a run"
        format={formatMs}
        lines={[
          { name: "median", values: samples.map(({ run_p50_ms: value }) => value) },
          { name: "95 %", values: samples.map(({ run_p95_ms: value }) => value) },
        ]}
      />
    </section>
  );
}

interface ChartProps {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
}

const WIDTH = 300;
const HEIGHT = 80;

function Chart({ title, lines, format }: ChartProps) {
  const top = topOf(lines.flatMap(({ values }) => values));
  const words = lines.map(({ name, values }) => {
    const last = values.findLast((value) => value !== null) ?? null;
    return `${name} ${last === null ? "–" : format(last)}`;
  });
  return (
    <figure>
      <figcaption>
        {title}{" "}
        {lines.map(({ name }, index) => (
          <span key={name} class={`key line-${index}`}>
            {words[index]}
          </span>
        ))}
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title} over the last hour, now: ${words.join(", ")}; at most ${format(top)}`}
      >
        {lines.map(({ name, values }, index) => (
          <path
            key={name}
            class={`line-${index}`}
            d={pathOf(values, { top, width: WIDTH, height: HEIGHT })}
            vector-effect="non-scaling-stroke"
          />
        ))}
      </svg>
      <small>at most {format(top)}</small>
    </figure>
  );
}
