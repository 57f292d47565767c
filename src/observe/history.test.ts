import { expect, onTestFinished, test } from "vitest";
import { countOf } from "./distribution.ts";
import { startHistory, type History, type HistoryOptions } from "./history.ts";
import { createMetrics, type Metrics } from "./metrics.ts";

function start(options: HistoryOptions = {}): { metrics: Metrics; history: History } {
  const metrics = createMetrics({ languageIds: ["c", "python"] });
  const history = startHistory(metrics, options);
  onTestFinished(() => {
    history.close();
    metrics.close();
  });
  return { metrics, history };
}

const ended = { languageId: "c", phase: "run", wallTimeMs: 20 } as const;
const failed = { kind: "exited", exitCode: 1 } as const;
const done = { kind: "exited", exitCode: 0 } as const;

test("from the start it is told what is counted now, over all languages", async () => {
  const { metrics, history } = start();
  metrics.watch({ slotsRunning: () => 2, queueWaiting: () => 3 });
  metrics.executionEnded({ ...ended, phase: "compile", outcome: done });
  metrics.executionEnded({ ...ended, outcome: done });
  metrics.executionEnded({ ...ended, languageId: "python", outcome: done });
  metrics.executionEnded({ ...ended, phase: "compile", outcome: failed });
  metrics.refused("QUEUE_TIMEOUT");
  metrics.queueWaited(3);
  const [first, now, ...more] = await history.samples();
  expect(more).toEqual([]);
  expect(first.totals.outcomes).toEqual({});
  expect(now.takenAtMs).toBeGreaterThanOrEqual(history.startedAtMs);
  expect(now.totals).toMatchObject({
    running: 2,
    queued: 3,
    // A compiler that ended well is no execution of its own.
    outcomes: { exited_zero: 2, exited_nonzero: 1 },
    refusals: { QUEUE_TIMEOUT: 1 },
  });
  const { run, queueWait } = now.totals;
  expect([countOf(run), run.sumMs, countOf(queueWait)]).toEqual([2, 40, 1]);
  expect(run.boundsMs[0]).toBe(5);
  expect(run.counts).toHaveLength(run.boundsMs.length + 1);
  expect(run.counts[run.boundsMs.indexOf(25)]).toBe(2);
});

test("where nothing ran and nobody gave readings, all of it is none", async () => {
  const { history } = start();
  const [, now] = await history.samples();
  expect(now.totals).toMatchObject({ running: 0, queued: 0, outcomes: {}, refusals: {} });
  expect(countOf(now.totals.run)).toBe(0);
});

test("samples are taken from time to time, and the oldest go", async () => {
  const { metrics, history } = start({ sampleMs: 5, keptMs: 15 });
  metrics.executionLost();
  await expect.poll(async () => (await history.samples())[0].ageMs).toBeGreaterThan(0);
  const samples = await history.samples();
  // Four that are kept, and one of now.
  expect(samples).toHaveLength(5);
  const ages = samples.map(({ ageMs }) => ageMs);
  expect(ages).toEqual([...ages].sort((a, b) => a - b));
});

test("of late means since the newest sample that is old enough, or since the start", async () => {
  const { history } = start({ sampleMs: 5 });
  await expect.poll(async () => (await history.samples()).length).toBeGreaterThan(10);
  const { before, now } = await history.last(20);
  expect(before.ageMs).toBeGreaterThan(0);
  expect(now.ageMs - before.ageMs).toBeGreaterThanOrEqual(20);
  expect((await history.last(3_600_000)).before.ageMs).toBe(0);
});

test("a closed one takes no more", async () => {
  const { history } = start({ sampleMs: 5 });
  history.close();
  history.close();
  expect(await history.samples()).toHaveLength(2);
});
