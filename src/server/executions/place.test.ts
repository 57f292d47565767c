import { expect, test } from "vitest";
import type { ExecutionInfo } from "../../service/executions/execution-info.ts";
import { cursorIn, formatPlace, parsePlace, start } from "./place.ts";

const at = (state: ExecutionInfo["state"], attempts: number): ExecutionInfo =>
  ({ state, attempts }) as ExecutionInfo;

test("a place is what it was when it comes back", () => {
  const place = { attempt: 2, cursor: [120, 0, 64, 3] } as const;
  expect(formatPlace(place)).toBe("2.120.0.64.3");
  expect(parsePlace("2.120.0.64.3")).toEqual(place);
  for (const none of [undefined, ""]) expect(parsePlace(none)).toEqual(start);
});

test.each([
  "1",
  "1.2.3.4",
  "1.2.3.4.5.6",
  "-1.0.0.0.0",
  "1.0.0.0.x",
  "99999.0.0.0.0",
  " 1.0.0.0.0",
])("%j is none", (text) => {
  expect(() => parsePlace(text)).toThrow("must be the `cursor` of an output message");
});

test.each([
  ["running", 1, [1, 2, 3, 4]],
  ["finished", 1, [1, 2, 3, 4]],
  // Its server died: what comes next is another attempt's.
  ["queued", 1, [0, 0, 0, 0]],
  ["running", 2, [0, 0, 0, 0]],
  ["failed", 2, [0, 0, 0, 0]],
] as const)("of the first attempt, where it is %s after %d", (state, attempts, cursor) => {
  expect(cursorIn(parsePlace("1.1.2.3.4"), at(state, attempts))).toEqual(cursor);
});
