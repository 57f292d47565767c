/**
 * @module
 * The rows for people and for machines.
 */
import { arch, cpus, loadavg, release } from "node:os";
import { verdictOf, type Row, type Unit } from "./bench.ts";

/** The rows of one bench, by its name. */
export type Results = ReadonlyMap<string, readonly Row[]>;

const signs = { less: "<", most: "<=", least: ">=" } as const;
const columns = ["name", "value", "bound", "", "how measured"] as const;

export function formatTable(results: Results): string {
  const lines = [...results].flatMap(([bench, rows]) => rows.map((row) => cellsOf(bench, row)));
  const all: readonly (readonly string[])[] = [columns, ...lines];
  const widths = columns.map((_, index) => Math.max(...all.map((cells) => cells[index]!.length)));
  const text = all.map((cells) => cells.map((cell, i) => cell.padEnd(widths[i]!)).join("  "));
  return `${text.map((line) => line.trimEnd()).join("\n")}\n`;
}

function cellsOf(bench: string, row: Row): readonly string[] {
  const name = `${bench}: ${row.name}`;
  const verdict = verdictOf(row);
  if ("skipped" in row) return [name, "-", "", verdict, row.skipped];
  const bound = row.bound && `${signs[row.bound.kind]} `;
  return [
    name,
    format(row.value, row.unit),
    bound === undefined ? "" : bound + format(row.bound!.value, row.unit),
    verdict === "context" ? "" : verdict,
    row.how,
  ];
}

function format(value: number, unit: Unit): string {
  if (unit === "count") return String(value);
  return `${value.toFixed(Math.abs(value) < 10 ? 2 : 1)} ${unit}`;
}

/** Every row with its verdict, and the machine that it was measured on. */
export function formatJson(results: Results): string {
  const rows = [...results].flatMap(([bench, all]) =>
    all.map((row) => ({ bench, ...row, verdict: verdictOf(row) })),
  );
  const [cpu] = cpus();
  const host = {
    kernel: release(),
    arch: arch(),
    cpu: cpu?.model,
    cpus: cpus().length,
    load: loadavg(),
  };
  return `${JSON.stringify({ host: { ...host, node: process.versions.node }, rows }, null, 2)}\n`;
}

/** True if a promise is broken. */
export function isAnyOver(results: Results): boolean {
  return [...results.values()].flat().some((row) => verdictOf(row) === "over");
}
