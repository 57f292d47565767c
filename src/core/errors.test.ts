import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { errorCatalog, GloveboxError, invalidRequest } from "./errors.ts";

const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");

/** The rows of the page's table: code, status, exit code, retryable, meaning, what to do. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

describe("docs/errors.md", () => {
  test("has a row for each code of the catalogue, and no other, in its order", () => {
    expect(rows.map(([code]) => code)).toEqual(
      Object.keys(errorCatalog).map((code) => `\`${code}\``),
    );
  });

  test.each(Object.entries(errorCatalog))("tells the truth about %s", (code, row) => {
    const [, status, exitCode, retryable, meaning = "", remedy = ""] =
      rows.find(([cell]) => cell === `\`${code}\``) ?? [];
    expect([status, exitCode, retryable]).toEqual([
      String(row.status),
      String(row.exitCode),
      row.retryable ? "yes" : "no",
    ]);
    expect(meaning.length).toBeGreaterThan(10);
    expect(remedy.length).toBeGreaterThan(10);
  });
});

test("invalidRequest names the field in message and issue", () => {
  const error = invalidRequest("limits.wall_time_ms", "must be a whole number, not 0");
  expect(error).toBeInstanceOf(GloveboxError);
  expect(error.message).toBe("limits.wall_time_ms: must be a whole number, not 0");
  expect(error.details.issues).toEqual([
    { path: "limits.wall_time_ms", message: "must be a whole number, not 0" },
  ]);
});
