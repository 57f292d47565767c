import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, expect, test } from "vitest";
import type { Outcome } from "../core/outcome.ts";
import { createMetrics, type Metrics } from "./metrics.ts";

const open: Metrics[] = [];
afterEach(() => {
  for (const metrics of open.splice(0)) metrics.close();
});

function create(): Metrics {
  const metrics = createMetrics({ languageIds: ["python", "c"] });
  open.push(metrics);
  return metrics;
}

async function lines(metrics: Metrics): Promise<readonly string[]> {
  return (await metrics.scrape()).body.split("\n");
}

const run = (outcome: Outcome, languageId = "python") =>
  ({ languageId, phase: "run", outcome, wallTimeMs: 20 }) as const;

test.each<[Outcome, string]>([
  [{ kind: "exited", exitCode: 0 }, "exited_zero"],
  [{ kind: "exited", exitCode: 77 }, "exited_nonzero"],
  [{ kind: "signaled", signal: "SIGSEGV" }, "signaled"],
  [{ kind: "limit", limit: "wallTime", exitCode: null }, "limit_wall_time"],
  [{ kind: "limit", limit: "memory", exitCode: 137 }, "limit_memory"],
  [{ kind: "canceled" }, "canceled"],
])("%j is counted as %s", async (outcome, label) => {
  const metrics = create();
  metrics.executionEnded(run(outcome));
  expect(await lines(metrics)).toContain(
    `glovebox_executions_total{language="python",phase="run",outcome="${label}"} 1`,
  );
});

test("times are in seconds, and in their buckets", async () => {
  const metrics = create();
  metrics.executionEnded({ ...run({ kind: "canceled" }), phase: "compile", wallTimeMs: 1500 });
  metrics.queueWaited(-0.01);
  metrics.queueWaited(7);
  const found = await lines(metrics);
  const labels = 'language="python",phase="compile"';
  expect(found).toContain(`glovebox_execution_seconds_bucket{le="1",${labels}} 0`);
  expect(found).toContain(`glovebox_execution_seconds_bucket{le="2.5",${labels}} 1`);
  expect(found).toContain(`glovebox_execution_seconds_sum{${labels}} 1.5`);
  expect(found).toContain('glovebox_queue_wait_seconds_bucket{le="0.001"} 1');
  expect(found).toContain("glovebox_queue_wait_seconds_sum 0.007");
});

test("no caller makes a series", async () => {
  const metrics = create();
  metrics.executionEnded(run({ kind: "canceled" }, "python\n3"));
  metrics.requestEnded({ method: "PURGE", status: 404, elapsedMs: 1 });
  const { body } = await metrics.scrape();
  expect(body).toContain('{language="other",phase="run",outcome="canceled"} 1');
  expect(body).toContain(
    'glovebox_http_requests_total{route="unknown",method="other",status="404"} 1',
  );
  expect(body).not.toContain("PURGE");
});

test("a WebSocket's hours are no time that somebody waited for an answer", async () => {
  const metrics = create();
  const ended = { route: "/v1/executions/:id/attach", method: "GET", elapsedMs: 3.6e6 };
  metrics.requestEnded({ ...ended, status: 101 });
  const { body } = await metrics.scrape();
  expect(body).toContain('status="101"} 1');
  expect(body).not.toContain("glovebox_http_request_seconds_bucket");
});

test("readings are taken at each scrape, and are absent where nobody gave them", async () => {
  const metrics = create();
  let waiting = 3;
  let hits = 10;
  metrics.watch({ queueWaiting: () => waiting, slots: () => 4 });
  metrics.watch({
    poolHits: () => hits,
    storageBytes: () => {
      throw new Error("locked");
    },
  });
  expect(await lines(metrics)).toEqual(
    expect.arrayContaining([
      "glovebox_queue_waiting 3",
      "glovebox_slots 4",
      "glovebox_pool_hits_total 10",
      "glovebox_storage_bytes Nan",
    ]),
  );
  waiting = 0;
  hits = 12;
  const later = await lines(metrics);
  expect(later).toContain("glovebox_queue_waiting 0");
  expect(later).toContain("glovebox_pool_hits_total 12");
  expect(later.join()).not.toContain("glovebox_pool_ready");
});

test("what happens seldom is counted, too", async () => {
  const metrics = create();
  metrics.refused("QUEUE_TIMEOUT");
  metrics.sweepEnded("linux", "failed");
  metrics.callbackEnded("delivered");
  metrics.executionLost();
  expect(await lines(metrics)).toEqual(
    expect.arrayContaining([
      'glovebox_refused_total{code="QUEUE_TIMEOUT"} 1',
      'glovebox_sweeps_total{provider="linux",result="failed"} 1',
      'glovebox_callbacks_total{result="delivered"} 1',
      "glovebox_executions_lost_total 1",
    ]),
  );
});

test("each has its own numbers, and the usual ones of the process", async () => {
  const [one, other] = [create(), create()];
  one.executionLost();
  const found = await lines(other);
  expect(found).toContain("glovebox_executions_lost_total 0");
  const values = new Map(
    found
      .filter((line) => /^(process|nodejs)_/.test(line))
      .map((line) => line.split(" ") as [string, string]),
  );
  expect(Number(values.get("process_resident_memory_bytes"))).toBeGreaterThan(1e6);
  expect(Number(values.get("process_cpu_seconds_total"))).toBeGreaterThan(0);
  expect(Number(values.get("process_open_fds"))).toBeGreaterThan(2);
  expect(Number(values.get("process_max_fds"))).toBeGreaterThan(2);
  expect(Number(values.get("nodejs_heap_size_used_bytes"))).toBeGreaterThan(1e5);
  expect([...values.values()]).not.toContain("Nan");
});

test("a closed one measures the process no longer", async () => {
  const metrics = create();
  metrics.close();
  metrics.close();
  const before = await gcCount(metrics);
  collectGarbage();
  // Observers are told after a turn.
  await new Promise((resolve) => setImmediate(resolve));
  expect(await gcCount(metrics)).toBe(before);
});

test("an open one tells of garbage collections", async () => {
  const metrics = create();
  await expect
    .poll(async () => {
      collectGarbage();
      return gcCount(metrics);
    })
    .toBeGreaterThan(0);
});

async function gcCount(metrics: Metrics): Promise<number> {
  const found = await lines(metrics);
  return found
    .filter((line) => line.startsWith("nodejs_gc_duration_seconds_count"))
    .reduce((sum, line) => sum + Number(line.split(" ")[1]), 0);
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
