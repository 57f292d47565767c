/**
 * @module
 * The answers of isobox's later API, from how programs ended.
 */
import type { IsoboxAnswer, TestCase, TestResult } from "./isobox-schemas.ts";
import { isTimeout, limitNote, type ProgramEnd } from "./program-end.ts";

/** Of a program without test cases. */
export function plainAnswer(end: ProgramEnd): IsoboxAnswer {
  if (end.phase === "compile") return notCompiledAnswer(end);
  const { stdout, exitCode } = end;
  return {
    stdout,
    stderr: stderrOf(end),
    exit_code: exitCode,
    time_taken: secondsOf(end),
    memory_used: null,
    test_results: null,
  };
}

export function notCompiledAnswer(end: ProgramEnd): IsoboxAnswer {
  return {
    stdout: "",
    stderr: stderrOf(end),
    exit_code: end.exitCode,
    time_taken: null,
    memory_used: null,
    test_results: null,
  };
}

export function casesAnswer(results: TestResult[]): IsoboxAnswer {
  const stdout = results.map((result) => `=== Test Case: ${result.name} ===\n${result.stdout}\n`);
  const stderr = results.map((result) =>
    result.stderr === "" ? "" : `=== Test Case: ${result.name} (stderr) ===\n${result.stderr}\n`,
  );
  return {
    stdout: stdout.join(""),
    stderr: stderr.join(""),
    exit_code: results.every(({ passed }) => passed) ? 0 : 1,
    time_taken: null,
    memory_used: null,
    test_results: results,
  };
}

export function testResult(testCase: TestCase, end: ProgramEnd): TestResult {
  const { name, input, expected_output: expected = null } = testCase;
  const { stdout, exitCode } = end;
  const isAsExpected = expected === null || stdout.trim() === expected.trim();
  const passed = exitCode === 0 && isAsExpected;
  return {
    name,
    passed,
    stdout,
    stderr: stderrOf(end),
    exit_code: exitCode,
    time_taken: secondsOf(end),
    memory_used: null,
    error_message: passed ? null : whyFailed(end, expected),
    input,
    expected_output: expected,
    actual_output: stdout,
  };
}

function whyFailed(end: ProgramEnd, expected: string | null): string {
  if (isTimeout(end.outcome)) return timeoutText(end);
  if (expected === null) return `Exit code: ${end.exitCode}`;
  return `Expected: '${expected.trim()}', Got: '${end.stdout.trim()}'`;
}

/** Its documents promise a time-out as an answer like any other; its code made a failure of it. */
function stderrOf(end: ProgramEnd): string {
  if (isTimeout(end.outcome)) return end.stderr + timeoutText(end);
  return end.stderr + limitNote(end.outcome);
}

const timeoutText = ({ wallTimeMs }: ProgramEnd): string =>
  `Execution timed out after ${(wallTimeMs / 1000).toFixed(3)} seconds`;

/** To the microsecond: more digits would be the fractions of a binary number. */
const secondsOf = ({ wallTimeMs }: ProgramEnd): number => Math.round(wallTimeMs * 1000) / 1e6;
