import { describe, expect, test } from "vitest";
import { controls, enforced, weaker, type Control } from "../core/enforcement.ts";
import type { Execution } from "../core/execution.ts";
import { outcomeLimits, type Outcome } from "../core/outcome.ts";
import type { CollectedExecution, PhaseOutput } from "../service/collect.ts";
import { executeAnswer } from "./phases.ts";
import { executeAnswerSchema } from "./schemas.ts";

const nothing = Buffer.alloc(0);
const silent: PhaseOutput = { stdout: nothing, stderr: nothing, output: nothing };
const execution = (outcome: Outcome, dropped = 0): Execution => ({
  outcome,
  usage: { wallTimeMs: 12, cpuTimeMs: 3, peakMemoryBytes: 4096 },
  droppedBytes: { stdout: 0, stderr: dropped },
});
const rows = controls.map((control) => [control, enforced("a test")]);
const enforcement = {
  ...(Object.fromEntries(rows) as Record<Control, ReturnType<typeof enforced>>),
  openFiles: weaker("a test", "a gap", "a remedy"),
};

function collected(run: Execution | null, compile?: Execution): CollectedExecution {
  return {
    report: { id: "1", run, enforcement, ...(compile === undefined ? {} : { compile }) },
    output: { compile: silent, run: silent },
  };
}

describe("executeAnswer", () => {
  test.each<[Outcome, object]>([
    [
      { kind: "exited", exitCode: 3 },
      { outcome: "exited", exit_code: 3, signal: null },
    ],
    [
      { kind: "signaled", signal: "SIGSEGV" },
      { outcome: "signaled", exit_code: null, signal: "SIGSEGV" },
    ],
    [{ kind: "canceled" }, { outcome: "canceled", exit_code: null, signal: null }],
    [
      { kind: "limit", limit: "disk", exitCode: 1 },
      { outcome: "disk", exit_code: 1, signal: null },
    ],
    [
      { kind: "limit", limit: "wallTime", exitCode: null },
      { outcome: "wall_time", exit_code: null, signal: null },
    ],
  ])("says %j", (outcome, wanted) => {
    expect(executeAnswer(collected(execution(outcome)), "c").run).toMatchObject(wanted);
  });

  test.each(outcomeLimits)("has a word for the limit %s that its schema knows", (limit) => {
    const run = execution({ kind: "limit", limit, exitCode: null });
    const answer = executeAnswer(collected(run), "c");
    expect(executeAnswerSchema.parse(answer)).toEqual(answer);
    expect(answer.run?.outcome).toMatch(/^[a-z_]+$/);
  });

  test("leaves compile out where there was none, and has run null where nothing was run", () => {
    const ended = execution({ kind: "exited", exitCode: 1 });
    expect(executeAnswer(collected(ended), "c")).not.toHaveProperty("compile");
    expect(executeAnswer(collected(null, ended), "c")).toMatchObject({
      compile: { exit_code: 1 },
      run: null,
    });
  });

  test("is truncated where any stream lost bytes", () => {
    const outcome: Outcome = { kind: "exited", exitCode: 0 };
    expect(executeAnswer(collected(execution(outcome, 0)), "c").run?.truncated).toBe(false);
    expect(executeAnswer(collected(execution(outcome, 1)), "c").run?.truncated).toBe(true);
  });

  test("tells usage and gaps, and keeps the operator's remedies to itself", () => {
    const answer = executeAnswer(collected(execution({ kind: "exited", exitCode: 0 })), "c");
    expect(answer.run?.usage).toEqual({ wall_ms: 12, cpu_ms: 3, peak_memory_bytes: 4096 });
    expect(answer.enforcement.open_files).toEqual({ level: "weaker", by: "a test", note: "a gap" });
    expect(JSON.stringify(answer)).not.toContain("remedy");
  });
});
