import { expect, test } from "vitest";
import { createTicks, type Ticks } from "./ticks.ts";

function counting(everyMs: number): { readonly ticks: Ticks; readonly made: () => number } {
  let made = 0;
  const ticks = createTicks(() => Promise.resolve(`${(made += 1)}`), everyMs);
  return { ticks, made: () => made };
}

test("the first comes at once, and the next ones after each interval", async () => {
  const { ticks } = counting(20);
  const gone = new AbortController();
  const startedMs = performance.now();
  const texts: string[] = [];
  for await (const text of ticks.follow(gone.signal)) {
    texts.push(text);
    if (texts.length === 3) gone.abort();
  }
  expect(texts).toEqual(["1", "2", "3"]);
  // Timers may be a little early.
  expect(performance.now() - startedMs).toBeGreaterThan(35);
});

test("who follow at the same time get the same text", async () => {
  const { ticks, made } = counting(60_000);
  const gone = new AbortController();
  const all = Array.from({ length: 5 }, () => ticks.follow(gone.signal));
  const first = await Promise.all(all.map((each) => each.next()));
  expect(first.map(({ value }) => value)).toEqual(["1", "1", "1", "1", "1"]);
  expect(made()).toBe(1);
  // The interval is a minute: an abort does not wait for its end.
  const rest = Promise.all(all.map((each) => each.next()));
  gone.abort();
  expect((await rest).every(({ done }) => done)).toBe(true);
});

test("nothing is made for who does not read, nor for who is gone", async () => {
  const { ticks, made } = counting(1);
  const gone = new AbortController();
  const follower = ticks.follow(gone.signal);
  await follower.next();
  const reader = ticks.follow(gone.signal);
  await reader.next();
  const before = made();
  gone.abort();
  expect(await follower.next()).toEqual({ done: true, value: undefined });
  expect(await ticks.follow(gone.signal).next()).toEqual({ done: true, value: undefined });
  expect(made()).toBe(before);
});

test("what can't be made is the end of the stream, and no longer than it can't", async () => {
  let isBroken = true;
  const ticks = createTicks(
    () => (isBroken ? Promise.reject(new Error("broken")) : Promise.resolve("well")),
    2,
  );
  const { signal } = new AbortController();
  await expect(ticks.follow(signal).next()).rejects.toThrow("broken");
  isBroken = false;
  const next = async (): Promise<unknown> => (await ticks.follow(signal).next()).value;
  await expect.poll(() => next().catch(() => undefined)).toBe("well");
});
