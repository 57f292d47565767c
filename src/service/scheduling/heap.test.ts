import fc from "fast-check";
import { expect, test } from "vitest";
import { Heap } from "./heap.ts";

test("its first is the least, whatever is added, changed and taken out", () => {
  const step = fc.record({
    item: fc.nat({ max: 15 }),
    rank: fc.option(fc.nat({ max: 9 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const ranks = new Map<number, number>();
      // No two are equal, so that there is one right answer.
      const rankOf = (item: number): number => (ranks.get(item) ?? 0) * 100 + item;
      const heap = new Heap<number>((a, b) => rankOf(a) < rankOf(b));
      for (const { item, rank } of steps) {
        if (rank === undefined) {
          heap.delete(item);
          ranks.delete(item);
        } else {
          ranks.set(item, rank);
          heap.put(item);
        }
        const [least] = [...ranks.keys()].sort((a, b) => rankOf(a) - rankOf(b));
        expect(heap.first).toBe(least);
        expect(heap.size).toBe(ranks.size);
        expect(heap.has(item)).toBe(ranks.has(item));
      }
    }),
  );
});
