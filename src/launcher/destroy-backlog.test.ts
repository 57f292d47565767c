import { setImmediate } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { defaultLimits } from "../core/limits.ts";
import type { SandboxSpec } from "../core/sandbox.ts";
import { createProcessProvider } from "../providers/process/index.ts";
import { DestroyBacklog } from "./destroy-backlog.ts";

const provider = createProcessProvider();
afterAll(() => provider.close());

const spec: SandboxSpec = {
  policy: { network: { mode: "none" }, workspace: { kind: "scratch" } },
  limits: defaultLimits,
  files: [],
  hostPrograms: [],
  enforcement: "best-effort",
};

/** An end that comes when it is told to. */
function ending() {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { ended, end: () => end() };
}

/** A backlog in which so many wait for their ends, and what has happened to those who want room. */
function filled(most: number) {
  const backlog = new DestroyBacklog(most);
  const ends = Array.from({ length: most }, ending);
  for (const { ended } of ends) void backlog.add(ended);
  const events: string[] = [];
  const want = (name: string, signal = new AbortController().signal): Promise<void> =>
    backlog.room(signal).then(
      () => void events.push(name),
      (reason: unknown) => void events.push(`${name}: ${String(reason)}`),
    );
  return { backlog, ends, events, want };
}

test("there is room until so many are being destroyed, and again once one is gone", async () => {
  const { backlog, ends, events, want } = filled(2);
  const wanting = [want("a"), want("b")];
  await setImmediate();
  expect([backlog.size, events]).toEqual([2, []]);
  ends[0]?.end();
  await Promise.all(wanting);
  expect([backlog.size, events]).toEqual([1, ["a", "b"]]);
  await want("c");
  expect(events.at(-1)).toBe("c");
});

test("one who wakes up too late waits on", async () => {
  const { backlog, ends, events, want } = filled(1);
  const wanting = want("a");
  const next = ending();
  void ends[0]?.ended.then(() => backlog.add(next.ended));
  ends[0]?.end();
  await setImmediate();
  expect([backlog.size, events]).toEqual([1, []]);
  next.end();
  await wanting;
  expect(events).toEqual(["a"]);
});

test("who gives up does not wait, and keeps nobody from it", async () => {
  const { ends, events, want } = filled(1);
  const gone = new AbortController();
  const wanting = [want("a", gone.signal), want("b")];
  gone.abort("left");
  await wanting[0];
  ends[0]?.end();
  await wanting[1];
  expect(events).toEqual(["a: left", "b"]);
});

test("a failure to destroy is the end of it, too", async () => {
  const backlog = new DestroyBacklog(1);
  await expect(backlog.add(Promise.reject(new Error("no")))).rejects.toThrow("no");
  await backlog.room(new AbortController().signal);
  expect(backlog.size).toBe(0);
});

test("nothing is created while too many are being destroyed", async () => {
  const { backlog, ends } = filled(1);
  let created = 0;
  const create = backlog.bound(async (...args) => {
    created += 1;
    return provider.create(...args);
  });
  const creating = create(spec, new AbortController().signal);
  await setImmediate();
  expect(created).toBe(0);
  ends[0]?.end();
  const sandbox = await creating;
  expect([created, backlog.size]).toEqual([1, 0]);
  const ended = sandbox.destroy();
  expect(backlog.size).toBe(1);
  expect(sandbox.destroy()).toBe(ended);
  await ended;
  expect(backlog.size).toBe(0);
});
