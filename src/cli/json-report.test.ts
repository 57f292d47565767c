import { expect, test } from "vitest";
import { controls, enforced, type Enforcement } from "../core/enforcement.ts";
import type { Execution } from "../core/execution.ts";
import type { Outcome } from "../core/outcome.ts";
import { executeAnswer } from "../server/phases.ts";
import type { CollectedExecution } from "../service/collect.ts";
import { formatJsonReport } from "./json-report.ts";

const enforcement = Object.fromEntries(
  controls.map((control) => [control, enforced("kernel")]),
) as Enforcement;
const execution = (outcome: Outcome): Execution => ({
  outcome,
  usage: { wallTimeMs: 12.5, cpuTimeMs: 3, peakMemoryBytes: 4096 },
  droppedBytes: { stdout: 0, stderr: 3 },
});
const output = {
  stdout: Buffer.from("out\n"),
  stderr: Buffer.from([0xff, 0]),
  output: Buffer.from([0xff, 0, 10]),
};
const collected = (compile: Outcome, run: Outcome | null): CollectedExecution => ({
  report: {
    id: "1",
    runtime: { languageId: "c", version: "12.2.0" },
    compile: execution(compile),
    run: run === null ? null : execution(run),
    enforcement,
  },
  output: { compile: output, run: output },
});
const success: Outcome = { kind: "exited", exitCode: 0 };

test.each<[Outcome, Outcome | null]>([
  [success, { kind: "exited", exitCode: 3 }],
  [success, { kind: "signaled", signal: "SIGSEGV" }],
  [success, { kind: "limit", limit: "wallTime", exitCode: null }],
  [success, { kind: "limit", limit: "disk", exitCode: 1 }],
  [success, { kind: "canceled" }],
  [{ kind: "exited", exitCode: 1 }, null],
])("of compile %j and run %j it is the HTTP answer with our exit code", (compile, run) => {
  const report = collected(compile, run);
  const document: unknown = JSON.parse(formatJsonReport(report, 42));
  const answer: unknown = JSON.parse(JSON.stringify(executeAnswer(report, "c")));
  expect(document).toEqual({ ...(answer as object), exit_code: 42 });
});
