import { describe, expect, test } from "vitest";
import { findJsonFault } from "./json-bounds.ts";

describe("findJsonFault lets pass", () => {
  test.each([
    ["nothing", ""],
    ["64 levels", "[".repeat(64) + "]".repeat(64)],
    ["199,999 empty arrays", "[]".repeat(199_999)],
    ["brackets in a string", JSON.stringify("[".repeat(1000))],
    ["brackets behind an escaped quote", JSON.stringify(`"${"[".repeat(1000)}`)],
    ["brackets behind a backslash and a quote", JSON.stringify(`\\"${"[".repeat(1000)}`)],
    ["commas in a string", JSON.stringify(",".repeat(300_000))],
    ["a string without end", `"${"[".repeat(1000)}`],
    ["a string that ends with a backslash", JSON.stringify({ a: "\\", b: "[".repeat(1000) })],
    ["16 MiB of code", JSON.stringify({ code: 'print("hi")\n'.repeat(1_000_000) })],
  ])("%s", (_name, text) => {
    expect(findJsonFault(Buffer.from(text))).toBeUndefined();
  });
});

describe("findJsonFault stops", () => {
  test.each([
    ["65 levels", "[".repeat(65), "deeper than 64"],
    ["65 levels, mixed", '{"a":['.repeat(33), "deeper than 64"],
    [
      "65 levels behind an escaped backslash",
      `{"a":"\\\\","b":${"[".repeat(64)}`,
      "deeper than 64",
    ],
    ["many values", `[${"1,".repeat(200_001)}`, "more than 200000"],
    ["many strings", '"" '.repeat(200_001), "more than 200000"],
    ["many empty arrays", "[]".repeat(200_001), "more than 200000"],
  ])("%s", (_name, text, part) => {
    expect(findJsonFault(Buffer.from(text))).toContain(part);
  });
});
