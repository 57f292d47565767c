import { expect, test } from "vitest";
import { createPlaceFinder, type SourcePlace } from "./source-places.ts";

const find = createPlaceFinder(["main.c", "lib/main.c", "main.py", "a+b.ts"]);

test.each<[string, SourcePlace]>([
  ["main.c:3:7: error: expected ';'", { path: "main.c", line: 3, column: 7 }],
  ["lib/main.c:12: warning", { path: "lib/main.c", line: 12 }],
  ['  File "/workspace/main.py", line 3, in <module>', { path: "main.py", line: 3 }],
  ["at ./main.c:9", { path: "main.c", line: 9 }],
  ["a+b.ts(4,2): error TS1005", { path: "a+b.ts", line: 4, column: 2 }],
])("%j names a line", (text, place) => {
  expect(
    find(text)
      .map((part) => part.text)
      .join(""),
  ).toBe(text);
  expect(find(text).flatMap((part) => part.place ?? [])).toEqual([place]);
});

test.each(["xmain.c:3", "other/main.c:3", "main.c: 3", "main.c", "main.c:x"])(
  "%j names none",
  (text) => {
    expect(find(text)).toEqual([{ text }]);
  },
);

test("a text of nothing but places is read in bounded parts", () => {
  expect(find("main.c:1 ".repeat(10_000)).length).toBeLessThan(2100);
});
