import fc from "fast-check";
import { expect, test } from "vitest";
import { diffLines, maxComparedLines, type LineDiff } from "./line-diff.ts";

const signs = { same: " ", removed: "-", added: "+" } as const;
const show = ({ parts }: LineDiff): readonly string[] =>
  parts.map((part) => (part.kind === "left-out" ? `@${part.lines}` : signs[part.kind] + part.text));
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, at) => `line ${from + at}\n`).join("");

test.each<[string, string, readonly string[]]>([
  ["", "", []],
  ["a\nb\n", "a\nb\n", []],
  ["", "a\n", ["+a"]],
  ["a\n", "", ["-a"]],
  ["a\nb\nc\n", "a\nB\nc\n", [" a", "-b", "+B", " c"]],
  ["\n", "", ["-"]],
])("from %j to %j", (before, after, shown) => {
  expect(show(diffLines(before, after))).toEqual(shown);
});

test("what is the same far from a difference is left out, and counted", () => {
  const shown = show(diffLines(lines(0, 20), lines(0, 10) + "new\n" + lines(10, 20)));
  expect(shown).toEqual([
    ...["@7", " line 7", " line 8", " line 9", "+new"],
    ...[" line 10", " line 11", " line 12", "@7"],
  ]);
});

test("other ends of lines alone are said", () => {
  expect(diffLines("a\nb", "a\nb\n")).toMatchObject({ parts: [], hasOtherEnds: true });
  expect(diffLines("a\r\nb", "a\nb")).toMatchObject({ parts: [], hasOtherEnds: true });
  expect(diffLines("a\n", "a\n")).toMatchObject({ hasOtherEnds: false });
});

test("of very long ones the begins are compared", () => {
  const long = lines(0, maxComparedLines);
  expect(diffLines(long, `${long}more\n`)).toMatchObject({ parts: [], isCut: true });
  expect(diffLines(long, long)).toMatchObject({ isCut: false });
});

test("what differs from begin to end is told soon", () => {
  const [before, after] = [lines(0, 100_000), lines(200_000, 300_000)];
  const start = performance.now();
  const { removed, added, hasMore } = diffLines(before, after);
  expect({ removed, added, hasMore }).toEqual({
    ...{ removed: maxComparedLines, added: maxComparedLines, hasMore: true },
  });
  expect(performance.now() - start).toBeLessThan(5000);
});

test("both texts can be read out of it", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 12 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const join = (of: readonly string[]): string => of.map((line) => `${line}\n`).join("");
      const { parts } = diffLines(join(before), join(after));
      const without = (kind: string): readonly string[] =>
        parts.flatMap((part) => (part.kind === kind || part.kind === "left-out" ? [] : part.text));
      const shownLines = without("added").length;
      const leftOut = parts.reduce((sum, part) => sum + ("lines" in part ? part.lines : 0), 0);
      if (parts.length === 0) expect(before).toEqual(after);
      else expect(shownLines + leftOut).toBe(before.length);
      if (leftOut > 0 || parts.length === 0) return;
      expect(without("added")).toEqual(before);
      expect(without("removed")).toEqual(after);
    }),
  );
});
