import { expect, test } from "vitest";
import { formatTable } from "./table.ts";

test("columns are as wide as their widest cell, and no line ends with spaces", () => {
  const rows = [
    ["ID", "TITLE", "GET IT"],
    ["javascript", "JS", ""],
    ["c", "", "gcc"],
  ];
  expect(formatTable(rows)).toBe(
    ["ID          TITLE  GET IT", "javascript  JS", "c                  gcc", ""].join("\n"),
  );
});

test("decoration does not shift the columns", () => {
  const rows = [
    ["a", "b"],
    ["long", "c"],
  ];
  const decorate = (cell: string): string => `<${cell}>`;
  expect(formatTable(rows, decorate)).toBe("<a>     <b>\n<long>  <c>\n");
});
