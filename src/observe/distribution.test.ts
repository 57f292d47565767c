import { expect, test } from "vitest";
import { countOf, quantile, since, type Distribution } from "./distribution.ts";

const of = (...counts: readonly number[]): Distribution => ({
  boundsMs: [10, 100, 1000],
  counts,
  sumMs: 0,
});

test.each<[string, Distribution, number, number | undefined]>([
  ["of none there is none", of(0, 0, 0, 0), 0.5, undefined],
  ["of one, in the middle of its bucket", of(0, 1, 0, 0), 0.5, 55],
  ["the end of a bucket that ends there", of(5, 5, 0, 0), 0.5, 10],
  ["in the next one", of(5, 5, 0, 0), 0.9, 82],
  ["over empty buckets", of(5, 0, 5, 0), 0.6, 280],
  ["what took longer than all is not known better", of(0, 0, 1, 99), 0.5, 1000],
  ["all of them", of(0, 4, 0, 0), 1, 100],
])("a quantile: %s", (_name, distribution, share, expected) => {
  const found = quantile(distribution, share);
  if (expected === undefined) expect(found).toBeUndefined();
  else expect(found).toBeCloseTo(expected);
});

test("what came since", () => {
  const [before, now] = [
    { ...of(1, 2, 0, 0), sumMs: 50 },
    { ...of(3, 2, 0, 1), sumMs: 3060 },
  ];
  expect(since(before, now)).toEqual({ ...of(2, 0, 0, 1), sumMs: 3010 });
  expect(countOf(since(before, now))).toBe(3);
});
