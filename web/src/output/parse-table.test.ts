import fc from "fast-check";
import { expect, test } from "vitest";
import { guessSeparator, parseTable } from "./parse-table.ts";

const bounds = { rows: 200, columns: 50, cellChars: 500 };
const rowsOf = (text: string): unknown => parseTable(text, ",", bounds).rows;

test.each<[string, readonly (readonly string[])[]]>([
  ["", []],
  [
    "a,b\r\nc,d\r\n",
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
  ["a\nb\rc", [["a"], ["b"], ["c"]]],
  ["a,,\n", [["a", "", ""]]],
  ["\n\na", [[""], [""], ["a"]]],
  ['"a,b","c\r\nd","say ""hi"""', [["a,b", "c\r\nd", 'say "hi"']]],
  ['"",""', [["", ""]]],
  ['"open, to the end\nof it', [["open, to the end\nof it"]]],
  ['"a"b,c', [["ab", "c"]]],
  ['a"b,c', [['a"b', "c"]]],
])("%j", (text, rows) => {
  expect(rowsOf(text)).toEqual(rows);
});

test("what was written as RFC 4180 has it is read as it was", () => {
  const quote = (field: string): string => `"${field.replaceAll('"', '""')}"`;
  const field = fc.string({ unit: fc.constantFrom("a", ",", '"', "\r", "\n", "ä") });
  const rows = fc.array(fc.array(field, { minLength: 1, maxLength: 5 }), { maxLength: 5 });
  fc.assert(
    fc.property(rows, (table) => {
      const text = table.map((row) => `${row.map(quote).join(",")}\r\n`).join("");
      expect(rowsOf(text)).toEqual(table);
    }),
  );
});

test("only what is shown is kept, and what is not is said", () => {
  const few = { rows: 2, columns: 2, cellChars: 3 };
  expect(parseTable("a,b,c\nlonger,d\ne", ",", few)).toEqual({
    rows: [
      ["a", "b"],
      ["lon…", "d"],
    ],
    ...{ hasMoreRows: true, hasMoreColumns: true },
  });
  expect(parseTable("a,b\nc,d\n", ",", few)).toMatchObject({
    ...{ hasMoreRows: false, hasMoreColumns: false },
  });
});

test.each([
  ["a,b;c,d", ","],
  ["a;b;c,d\n,,,,,,", ";"],
  ["a\tb", "\t"],
  ["one column", ","],
])("%j is parted by %j", (text, separator) => {
  expect(guessSeparator(text)).toBe(separator);
});
