import { expect, test } from "vitest";
import type { Project } from "../state/project-values.ts";
import { changedTexts, describeSettings, describeUsages } from "./differences.ts";

const MIB = 1024 * 1024;
const file = (path: string, content: string, encoding: "utf8" | "base64" = "utf8") => ({
  ...{ path, content, encoding },
});
const project = (change: Partial<Project> = {}): Project => ({
  ...{ language: "python", version: "", files: [file("main.py", "1\n")], stdin: "", args: [] },
  ...{ limits: {}, network: "none", hostFiles: "none", isTerminal: false },
  ...change,
});

test("time and memory are told as a difference and as what they were", () => {
  expect(
    describeUsages(
      { wall_ms: 23, cpu_ms: 10, peak_memory_bytes: 8 * MIB },
      { wall_ms: 11, cpu_ms: 10, peak_memory_bytes: 9.25 * MIB },
    ),
  ).toEqual([
    { name: "Time", text: "12 ms faster (23 ms → 11 ms)" },
    { name: "CPU time", text: "the same (10 ms)" },
    { name: "Memory", text: "1.3 MiB more (8 MiB → 9.3 MiB)" },
  ]);
});

test("what was not measured of both is not told", () => {
  expect(describeUsages({ wall_ms: 1, cpu_ms: 1 }, { wall_ms: 2 })).toEqual([
    { name: "Time", text: "1 ms slower (1 ms → 2 ms)" },
  ]);
  expect(describeUsages(undefined, { wall_ms: 2 })).toEqual([]);
});

test("files that came, went or changed, and the input", () => {
  const before = project({ files: [file("main.py", "1\n"), file("old", "x"), file("b", "AA==")] });
  const after = project({
    files: [file("main.py", "2\n"), file("b", "AA==", "base64"), file("new", "y")],
    stdin: "in",
  });
  expect(changedTexts(before, after)).toEqual([
    { name: "main.py", kind: "changed", texts: ["1\n", "2\n"] },
    { name: "old", kind: "removed", texts: ["x", ""] },
    { name: "b", kind: "changed", texts: undefined },
    { name: "new", kind: "added", texts: ["", "y"] },
    { name: "Input (stdin)", kind: "changed", texts: ["", "in"] },
  ]);
  expect(changedTexts(before, before)).toEqual([]);
});

test("how it was run otherwise", () => {
  const after = project({
    ...{ language: "node", version: "20", args: ["a", "b c"], network: "ask", isTerminal: true },
    limits: { wallTimeMs: 2000, memoryBytes: MIB },
  });
  expect(describeSettings(project(), after)).toEqual([
    { name: "Language", text: "python → node 20" },
    { name: "Arguments", text: 'none → a "b c"' },
    { name: "Terminal", text: "no → yes" },
    { name: "Network", text: "none → ask" },
    { name: "Time limit", text: "the server's → 2 s" },
    { name: "Memory limit", text: "the server's → 1 MiB" },
  ]);
  expect(describeSettings(after, after)).toEqual([]);
});
