import { describe, expect, test } from "vitest";
import { z } from "zod";
import { formatPath, parseWith } from "./zod-issues.ts";

const schema = z.strictObject({
  name: z.string().min(1).max(4),
  count: z
    .int({ error: "must be from 1 to 3" })
    .min(1, { error: "must be from 1 to 3" })
    .optional(),
  kind: z.enum(["a", "b"]).optional(),
  files: z.array(z.strictObject({ path: z.string() })).optional(),
});

describe("parseWith", () => {
  test.each<[unknown, string, string]>([
    [[], "body", "must be an object, not an empty array"],
    [{}, "name", "is required and must be a string"],
    [{ name: 1 }, "name", "must be a string, not 1"],
    [{ name: "abcde" }, "name", 'must have at most 4 characters, not "abcde"'],
    [{ name: "a", count: 1.5 }, "count", "must be from 1 to 3, not 1.5"],
    [{ name: "a", count: 0 }, "count", "must be from 1 to 3, not 0"],
    [{ name: "a", kind: "c" }, "kind", 'must be `a` or `b`, not "c"'],
    [
      { name: "a", files: [{ path: "x" }, {}] },
      "files[1].path",
      "is required and must be a string",
    ],
    [{ name: "a", files: [{ path: "x", mode: 1 }] }, "files[0].mode", "is not a known field"],
    [{ name: "a", "b c": 1 }, '["b c"]', "is not a known field"],
    [JSON.parse('{"name":"a","__proto__":1}'), "__proto__", "is not a known field"],
  ])("%j: %s %s", (input, path, message) => {
    expect(parseWith(schema, input, "body")).toEqual({ ok: false, issues: [{ path, message }] });
  });

  test("tells at most 20 faults", () => {
    const input = { name: "a", files: Array.from({ length: 500 }, () => ({})) };
    const result = parseWith(schema, input, "body");
    expect(result.ok ? [] : result.issues).toHaveLength(20);
  });

  test("gives the value when nothing is wrong", () => {
    expect(parseWith(schema, { name: "a" }, "body")).toEqual({ ok: true, value: { name: "a" } });
  });
});

test("a key that is no identifier is quoted and shortened in a path", () => {
  expect(formatPath(["env", "a\nb"], "body")).toBe('env["a\\nb"]');
  expect(formatPath(["x".repeat(200)], "body")).toBe(`["${"x".repeat(80)}"...]`);
});
