import { expect, test } from "vitest";
import type { Outcome } from "../core/outcome.ts";
import { exitCodeOfReport, type RunCircumstances } from "./exit.ts";

const quiet: RunCircumstances = { received: undefined, outputClosed: false };
const executionOf = (outcome: Outcome) => ({
  outcome,
  usage: { wallTimeMs: 1 },
  droppedBytes: { stdout: 0, stderr: 0 },
});

test.each<[Outcome, RunCircumstances, number]>([
  [{ kind: "exited", exitCode: 3 }, quiet, 3],
  [{ kind: "exited", exitCode: 0 }, { received: "SIGINT", outputClosed: false }, 0],
  [{ kind: "signaled", signal: "SIGSEGV" }, quiet, 139],
  [{ kind: "limit", limit: "wallTime", exitCode: null }, quiet, 124],
  [{ kind: "limit", limit: "cpuTime", exitCode: null }, quiet, 124],
  [{ kind: "limit", limit: "memory", exitCode: null }, quiet, 137],
  [{ kind: "limit", limit: "disk", exitCode: 5 }, quiet, 5],
  [{ kind: "canceled" }, { received: "SIGINT", outputClosed: false }, 130],
  [{ kind: "canceled" }, { received: "SIGTERM", outputClosed: false }, 143],
  [{ kind: "canceled" }, { received: "SIGHUP", outputClosed: false }, 129],
  [{ kind: "canceled" }, { received: undefined, outputClosed: true }, 141],
])("%j, after %j, exits with %i", (outcome, circumstances, expected) => {
  expect(exitCodeOfReport({ run: executionOf(outcome) }, circumstances)).toBe(expected);
});

test("a failed compile phase gives its own exit code", () => {
  const compile = executionOf({ kind: "exited", exitCode: 4 });
  expect(exitCodeOfReport({ compile, run: null }, quiet)).toBe(4);
});
