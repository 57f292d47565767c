import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Decision, PermissionGate, Question } from "../../../core/permission.ts";
import { createClock } from "./clock.ts";

const allowed: Decision = { isAllowed: true, scope: "run" };
const question: Question = { subject: { kind: "read", path: "/home/me/.netrc" } };
const { signal } = new AbortController();

/** A gate whose answers come when they are given. */
function heldGate(): { readonly gate: PermissionGate; readonly answer: () => void } {
  const waiting: (() => void)[] = [];
  const decide = (): Promise<Decision> =>
    new Promise((resolve) => waiting.push(() => resolve(allowed)));
  return { gate: { decide }, answer: () => waiting.shift()?.() };
}

test("what is known already moves no clock", async () => {
  const told: string[] = [];
  const clock = createClock((state) => told.push(state));
  const gate = clock.holdFor({ decide: async () => allowed });
  for (let round = 0; round < 100; round += 1) await gate.decide(question, signal);
  await sleep(50);
  expect([told, clock.heldMs()]).toEqual([[], 0]);
});

test("it is held from the first open question to the last answer", async () => {
  const told: string[] = [];
  const clock = createClock((state) => told.push(state));
  const { gate, answer } = heldGate();
  const held = clock.holdFor(gate);
  const both = [held.decide(question, signal), held.decide(question, signal)];
  await expect.poll(() => told).toEqual(["hold"]);
  answer();
  await both[0];
  await sleep(30);
  expect(told).toEqual(["hold"]);
  answer();
  await both[1];
  expect(told).toEqual(["hold", "go"]);
  const heldMs = clock.heldMs();
  expect(heldMs).toBeGreaterThan(25);
  await sleep(30);
  expect(clock.heldMs()).toBe(heldMs);
});

test("who listens on a port does not wait for the answer", async () => {
  const told: string[] = [];
  const clock = createClock((state) => told.push(state));
  const { gate, answer } = heldGate();
  const waits = clock.holdFor(gate).decide({ subject: { kind: "forward", port: 8000 } }, signal);
  await sleep(50);
  answer();
  await waits;
  expect(told).toEqual([]);
});
