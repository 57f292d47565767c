import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { benches } from "../../bench/benches.ts";

const root = join(import.meta.dirname, "../..");

interface PromiseRow {
  readonly promise: string;
  readonly bound: string;
  readonly measured: string;
  /** What it names in backquotes: `bench/main.ts NAME`, or the path of a test. */
  readonly where: readonly string[];
}

/** The rows of each table with the columns promise, bound, measured and where. */
function readPromises(markdown: string): readonly PromiseRow[] {
  const rows: PromiseRow[] = [];
  let isInTable = false;
  for (const line of markdown.split("\n")) {
    const cells = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
    const [promise = "", bound = "", measured = "", where = ""] = cells;
    if (!line.startsWith("|")) isInTable = false;
    else if (cells.join("|") === "promise|bound|measured|where") isInTable = true;
    else if (isInTable && !/^[-:]+$/.test(promise)) {
      rows.push({ promise, bound, measured, where: quoted(where) });
    }
  }
  return rows;
}

const quoted = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, words = ""]) => words);

const benchOf = (place: string): string | undefined => /^bench\/main\.ts (\S+)$/.exec(place)?.[1];

describe("SPECIFICATION.md", () => {
  const promises = readPromises(readFileSync(join(root, "SPECIFICATION.md"), "utf8"));

  test("says of each promise what it is, how much, what was measured and where", () => {
    expect(promises.length).toBeGreaterThan(0);
    const gaps = promises.filter(
      ({ promise, bound, measured, where }) =>
        [promise, bound, measured].includes("") || where.length === 0,
    );
    expect(gaps).toEqual([]);
  });

  test("names only files that exist", () => {
    const files = promises.flatMap(({ where }) => where.map((place) => place.split(" ")[0] ?? ""));
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  test("names only benches that `npm run bench -- --list` prints", () => {
    const named = promises.flatMap(({ where }) =>
      where.filter((place) => place.startsWith("bench/")),
    );
    const known = benches.map(({ name }) => name);
    expect(named.filter((place) => !known.includes(benchOf(place) ?? ""))).toEqual([]);
  });

  test("has a row for each bench that can break a promise", () => {
    const named = new Set(promises.flatMap(({ where }) => where.map(benchOf)));
    const silent = benches.filter(({ name, kind }) => kind === "promise" && !named.has(name));
    expect(silent.map(({ name }) => name)).toEqual([]);
  });
});
