/**
 * @module
 * The overview in numbers: slots, queue, pools, outcomes, refusals, latency.
 */
import type { AdminOverview } from "../../../src/client/admin-types.ts";
import { formatBytes, formatMs } from "../run/describe-end.ts";

export function Numbers({ overview }: { readonly overview: AdminOverview }) {
  const { slots, queue, memory, asks_open: asks, latency, recent_ms: recentMs } = overview;
  const recent = formatMs(Math.round(recentMs / 1000) * 1000);
  return (
    <>
      <dl class="numbers">
        <Figure name="Running" value={`${slots.used} of ${slots.total}`} />
        <Figure name="Waiting" value={String(queue.length)} />
        <Figure name="Longest wait" value={formatMs(queue.oldest_wait_ms)} />
        <Figure name="Open questions" value={String(asks)} />
        <Figure name="Run, median" value={formatMaybe(latency.run.p50_ms)} />
        <Figure name="Run, 95 %" value={formatMaybe(latency.run.p95_ms)} />
        <Figure name="Wait, 95 %" value={formatMaybe(latency.queue_wait.p95_ms)} />
        <Figure name="Memory of the server" value={formatBytes(memory.rss_bytes)} />
      </dl>
      <div class="tables">
        <Counts title="Outcomes" counts={overview.outcomes} recent={recent} />
        <Counts title="Refusals" counts={overview.refusals} recent={recent} />
        <Callers overview={overview} />
        <Pools overview={overview} />
      </div>
      <p class="hint">
        {overview.provider} · version {overview.version} · since{" "}
        {new Date(overview.started_at).toLocaleString()}
      </p>
    </>
  );
}

const formatMaybe = (ms: number | null): string => (ms === null ? "–" : formatMs(ms));

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

interface CountsProps {
  readonly title: string;
  readonly counts: AdminOverview["outcomes"];
  /** How long "of late" is. */
  readonly recent: string;
}

function Counts({ title, counts, recent }: CountsProps) {
  const { total } = counts;
  const names = Object.keys(total).sort((a, b) => (total[b] ?? 0) - (total[a] ?? 0));
  return (
    <table>
      <caption>{title}</caption>
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">Last {recent}</th>
          <th scope="col">In all</th>
        </tr>
      </thead>
      <tbody>
        {names.map((name) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{counts.recent[name] ?? 0}</td>
            <td>{total[name] ?? 0}</td>
          </tr>
        ))}
        {names.length === 0 && <NoRows columns={3} />}
      </tbody>
    </table>
  );
}

export function NoRows({ columns }: { readonly columns: number }) {
  return (
    <tr>
      <td colSpan={columns}>none yet</td>
    </tr>
  );
}

function Callers({ overview: { queue } }: { readonly overview: AdminOverview }) {
  return (
    <table>
      <caption>Callers</caption>
      <thead>
        <tr>
          <th scope="col">Who</th>
          <th scope="col">Running</th>
          <th scope="col">Waiting</th>
        </tr>
      </thead>
      <tbody>
        {queue.callers.map(({ caller, name, running, queued }) => (
          <tr key={caller}>
            <th scope="row">{name ?? caller}</th>
            <td>{running}</td>
            <td>{queued}</td>
          </tr>
        ))}
        {queue.callers.length === 0 && <NoRows columns={3} />}
        {queue.callers_omitted > 0 && (
          <tr>
            <td colSpan={3}>and {queue.callers_omitted} more</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

function Pools({ overview: { pools } }: { readonly overview: AdminOverview }) {
  return (
    <table>
      <caption>Sandboxes that are kept ready</caption>
      <thead>
        <tr>
          <th scope="col">For</th>
          <th scope="col">Ready</th>
          <th scope="col">To be made</th>
        </tr>
      </thead>
      <tbody>
        {pools.flatMap(({ provider, kinds }) =>
          kinds.map(({ name, ready, wanted }) => (
            <tr key={`${provider} ${name}`}>
              <th scope="row">
                {provider} {name === "" ? "anything" : name}
              </th>
              <td>{ready}</td>
              <td>{wanted}</td>
            </tr>
          )),
        )}
        {pools.every(({ kinds }) => kinds.length === 0) && <NoRows columns={3} />}
      </tbody>
    </table>
  );
}
