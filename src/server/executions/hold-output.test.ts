import { expect, test } from "vitest";
import { ActiveExecution, type ActiveInfo } from "../../service/executions/live-execution.ts";
import { createBudgets } from "../budgets.ts";
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
  return createOutputHolds({ live: (id) => byId.get(id) }, createBudgets(1024 * KIB).output);
}

test("what has ended is held by each of its readers", () => {
  const holds = holdsOf();
  const ended = info("a", { state: "finished", bytes: 128 * KIB });
  const fail = (): void => expect.unreachable();
  const [first, second] = [holds.hold(ended, fail), holds.hold(ended, fail)];
  expect(() => holds.hold(ended, fail)).toThrow("readers of executions hold 1048576 bytes");
  first.close();
  first.close();
  holds.hold(ended, fail).close();
  second.close();
});

test("what ends while it is read is held by each of its readers, as far as there is room", () => {
  const active = new ActiveExecution(info("a"));
  const holds = holdsOf(active);
  const told: unknown[] = [];
  const readers = [1, 2, 3].map((reader) =>
    holds.hold(active.info, (error) => told.push([reader, error])),
  );
  active.update({ state: "finished", bytes: 120 * KIB });
  active.update({});
  // 3 times 64 KiB from before; three times 120 KiB for each since.
  expect(told).toEqual([[3, refused]]);
  const other = info("b", { state: "finished", bytes: 64 * KIB });
  const fail = (): void => expect.unreachable();
  expect(() => holds.hold(other, fail)).toThrow("Try again later");
  for (const reader of readers) reader.close();
  holds.hold(other, fail).close();
});
