import { expect, test } from "vitest";
import { reportSeldom, type SeldomReport } from "./seldom.ts";

test("reports the first at once, and one a minute with how many there were", () => {
  const reports: SeldomReport[] = [];
  let nowMs = 5;
  const report = reportSeldom(
    (trouble) => void reports.push(trouble),
    () => nowMs,
  );
  report("full");
  report("full");
  nowMs += 59_999;
  report("full");
  expect(reports).toEqual([{ message: "full", count: 1 }]);
  nowMs += 1;
  report("still full");
  expect(reports.slice(1)).toEqual([{ message: "still full", count: 3 }]);
});
