import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { createGate } from "./gate.ts";

const never = new AbortController().signal;

test("lets as many through as it is wide, the others in the order of their coming", async () => {
  const enter = createGate(2);
  const entered: number[] = [];
  const leaves = Array.from({ length: 4 }, async (_, index) => {
    const leave = await enter(never);
    entered.push(index);
    return leave;
  });
  await setImmediate();
  expect(entered).toEqual([0, 1]);
  const leave = await leaves[0]!;
  leave();
  leave();
  await setImmediate();
  expect(entered).toEqual([0, 1, 2]);
  (await leaves[1]!)();
  await setImmediate();
  expect(entered).toEqual([0, 1, 2, 3]);
});

test("one that gives up makes no hole", async () => {
  const enter = createGate(1);
  const leave = await enter(never);
  const controller = new AbortController();
  const given = enter(controller.signal);
  const next = enter(never);
  controller.abort(new Error("given up"));
  await expect(given).rejects.toThrow("given up");
  leave();
  (await next)();
  (await enter(never))();
  await expect(enter(controller.signal)).rejects.toThrow("given up");
});
