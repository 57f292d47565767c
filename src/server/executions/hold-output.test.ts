import { expect, test } from "vitest";
import { ActiveExecution, type ActiveInfo } from "../../service/executions/live-execution.ts";
import { createOutputHolds } from "./hold-output.ts";

const KIB = 1024;
const info = (id: string, change: Partial<ActiveInfo> = {}): ActiveInfo => ({
  ...{ id, seq: 1, callerId: "ada", kind: "v1", state: "running", priority: 0 },
  ...{ language: "bash", isInteractive: false, attempts: 1, createdAtMs: 0 },
  ...{ startedAtMs: 0, finishedAtMs: null, turn: "{}", bytes: 0 },
  ...change,
});
const refused = expect.objectContaining({ code: "CAPACITY_EXHAUSTED" }) as unknown;

function holdsOf(...active: readonly ActiveExecution[]) {
  const byId = new Map(active.map((each) => [each.info.id, each]));
  return createOutputHolds({ live: (id) => byId.get(id) }, 1024 * KIB);
}

test("what has ended is held by each of its readers", () => {
  const holds = holdsOf();
  const ended = info("a", { state: "finished", bytes: 256 * KIB });
  const fail = (): void => expect.unreachable();
  const [first, second] = [holds.hold(ended, fail), holds.hold(ended, fail)];
  expect(() => holds.hold(ended, fail)).toThrow("readers of executions hold 1048576 bytes");
  first.close();
  first.close();
  holds.hold(ended, fail).close();
  second.close();
});

test("what ends while it is read is there once, until its last reader has gone", () => {
  const active = new ActiveExecution(info("a"));
  const holds = holdsOf(active);
  const fail = (): void => expect.unreachable();
  const readers = [1, 2, 3].map(() => holds.hold(active.info, fail));
  active.update({ state: "finished", bytes: 700 * KIB });
  active.update({});
  const other = info("b", { state: "finished", bytes: 150 * KIB });
  for (const reader of readers) {
    expect(() => holds.hold(other, fail)).toThrow("Try again later");
    reader.close();
  }
  holds.hold(other, fail).close();
});

test("where there is no room for it, its readers are told", () => {
  const [first, second] = [new ActiveExecution(info("a")), new ActiveExecution(info("b"))];
  const holds = holdsOf(first, second);
  const told: unknown[] = [];
  const hold = holds.hold(first.info, (error) => told.push(["a", error]));
  const gone = holds.hold(second.info, (error) => told.push(["b", error]));
  const stays = holds.hold(second.info, (error) => told.push(["b", error]));
  gone.close();
  first.update({ state: "finished", bytes: 700 * KIB });
  second.update({ state: "canceled", bytes: 700 * KIB });
  expect(told).toEqual([["b", refused]]);
  for (const each of [hold, stays]) each.close();
});
