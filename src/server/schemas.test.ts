import { expect, test } from "vitest";
import { controls, enforced, type Enforcement } from "../core/enforcement.ts";
import { outcomeLimits, type Outcome } from "../core/outcome.ts";
import { reportToJson } from "../service/report-json.ts";
import { executeAnswerSchema } from "./schemas.ts";

const nothing = Buffer.alloc(0);
const silent = { stdout: nothing, stderr: nothing, output: nothing };
const enforcement = Object.fromEntries(
  controls.map((control) => [control, enforced("a test")]),
) as Enforcement;

test.each<Outcome>([
  { kind: "exited", exitCode: 3 },
  { kind: "signaled", signal: "SIGSEGV" },
  { kind: "canceled" },
  ...outcomeLimits.map((limit) => ({ kind: "limit" as const, limit, exitCode: null })),
])("the schema of the answer takes a report of %j, and loses nothing of it", (outcome) => {
  const run = { outcome, usage: { wallTimeMs: 1 }, droppedBytes: { stdout: 0, stderr: 0 } };
  const artifacts = { files: [], skipped: [], isComplete: false, problem: "canceled" };
  const report = { id: "1", run, compile: run, enforcement, artifacts };
  const json = reportToJson({ report, output: { compile: silent, run: silent } });
  const answer = { ...json, language: "c" };
  expect(executeAnswerSchema.parse(answer)).toEqual(answer);
});
