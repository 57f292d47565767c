import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Patience } from "./patience.ts";

const never = new Promise<void>(() => undefined);

test("who comes in time is waited for", async () => {
  const patience = new Patience(10_000);
  expect(await patience.waitFor(Promise.resolve())).toBe(true);
  await expect(patience.waitFor(Promise.reject(new Error("gone")))).rejects.toThrow("gone");
  expect(await patience.waitFor(sleep(20))).toBe(true);
});

test("all waits together have the time, and then nobody is waited for", async () => {
  const patience = new Patience(900);
  expect(await patience.waitFor(sleep(600))).toBe(true);
  const begunMs = performance.now();
  expect(await patience.waitFor(never)).toBe(false);
  // What was left, on a machine that may be busy; not the whole.
  expect(performance.now() - begunMs).toBeLessThan(850);
  expect(await patience.waitFor(never)).toBe(false);
});

test("waits at the same time count once", async () => {
  const patience = new Patience(300);
  const both = [patience.waitFor(sleep(100)), patience.waitFor(sleep(100))];
  expect(await Promise.all(both)).toEqual([true, true]);
  expect(await patience.waitFor(sleep(50))).toBe(true);
});
