import { expect, test } from "vitest";
import { ActiveExecution, type ActiveInfo } from "./live-execution.ts";

const info: ActiveInfo = {
  ...{ id: "a", seq: 1, callerId: "anonymous", kind: "v1", state: "queued", priority: 0 },
  ...{ language: "bash", isInteractive: true, attempts: 0, createdAtMs: 0 },
  ...{ startedAtMs: null, finishedAtMs: null, turn: "{}", bytes: 0 },
};

const aborted = (active: ActiveExecution): Promise<string> =>
  new Promise((resolve) => {
    const { signal } = active;
    signal.addEventListener("abort", () => {
      resolve((signal.reason as Error).message);
    });
  });

test("an interactive program that nobody is attached to is ended", async () => {
  const active = new ActiveExecution(info, 20);
  const follower = active.follow(0);
  active.update({ state: "running" });
  const ended = aborted(active);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(active.signal.aborted).toBe(false);
  follower.close();
  expect(await ended).toBe("nobody is attached");
});

test("one that waits for its turn is not, and nor is one that needs nobody", async () => {
  const waiting = new ActiveExecution(info, 5);
  const alone = new ActiveExecution({ ...info, isInteractive: false, state: "running" }, 5);
  waiting.follow(0).close();
  alone.follow(0).close();
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect([waiting, alone].map(({ signal }) => signal.aborted)).toEqual([false, false]);
});

test("output waits for the fastest of its followers only", async () => {
  const active = new ActiveExecution({ ...info, state: "running" });
  const slow = active.follow(0);
  const fast = active.follow(0);
  let isThrough = false;
  const written = active.wrote(1_000_000).then(() => (isThrough = true));
  slow.consumed(10);
  await Promise.resolve();
  expect(isThrough).toBe(false);
  fast.consumed(900_000);
  await written;
  slow.close();
  const next = active.wrote(1_000_000);
  fast.close();
  await next;
  active.close();
});
