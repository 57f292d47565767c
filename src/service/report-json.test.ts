import { describe, expect, test } from "vitest";
import { controls, enforced, weaker, type Control } from "../core/enforcement.ts";
import type { Execution } from "../core/execution.ts";
import type { Outcome } from "../core/outcome.ts";
import type { CollectedExecution, PhaseOutput } from "./collect.ts";
import { reportToJson } from "./report-json.ts";

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

describe("the report as JSON", () => {
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
    expect(reportToJson(collected(execution(outcome))).run).toMatchObject(wanted);
  });

  test("leaves compile out where there was none, and has run null where nothing was run", () => {
    const ended = execution({ kind: "exited", exitCode: 1 });
    expect(reportToJson(collected(ended))).not.toHaveProperty("compile");
    expect(reportToJson(collected(null, ended))).toMatchObject({
      compile: { exit_code: 1 },
      run: null,
    });
  });

  test("is truncated where any stream lost bytes", () => {
    const outcome: Outcome = { kind: "exited", exitCode: 0 };
    expect(reportToJson(collected(execution(outcome, 0))).run?.truncated).toBe(false);
    expect(reportToJson(collected(execution(outcome, 1))).run?.truncated).toBe(true);
  });

  test("tells usage and gaps, and keeps the operator's remedies to itself", () => {
    const answer = reportToJson(collected(execution({ kind: "exited", exitCode: 0 })));
    expect(answer.run?.usage).toEqual({ wall_ms: 12, cpu_ms: 3, peak_memory_bytes: 4096 });
    expect(answer.enforcement.open_files).toEqual({ level: "weaker", by: "a test", note: "a gap" });
    expect(JSON.stringify(answer)).not.toContain("remedy");
  });

  test("has no time and no memory that the provider could not measure", () => {
    const run = { ...execution({ kind: "canceled" }), usage: { wallTimeMs: 12 } };
    expect(reportToJson(collected(run)).run?.usage).toEqual({ wall_ms: 12 });
  });

  test("has no language for a command, and that of the runtime for code", () => {
    const { report, output } = collected(null);
    const runtime = { languageId: "c", version: "12.2.0" };
    expect(reportToJson({ report, output })).toMatchObject({ language: null, version: null });
    expect(reportToJson({ report: { ...report, runtime }, output })).toMatchObject({
      language: "c",
      version: "12.2.0",
    });
  });

  test.each<[string, readonly number[], string, "utf8" | "base64"]>([
    ["nothing", [], "", "utf8"],
    ["ASCII with control characters", [0, 27, 10], "\0\u001b\n", "utf8"],
    ["a byte order mark", [0xef, 0xbb, 0xbf, 0x61], "\ufeffa", "utf8"],
    ["a cut character", [0x61, 0xc3], "YcM=", "base64"],
    ["an overlong slash", [0xc0, 0xaf], "wK8=", "base64"],
    ["a surrogate in UTF-8", [0xed, 0xa0, 0x80], "7aCA", "base64"],
  ])("has %s so that every byte can be had back", (_name, bytes, text, encoding) => {
    const { report } = collected(execution({ kind: "exited", exitCode: 0 }));
    const output = { ...silent, stdout: Buffer.from(bytes) };
    const { run } = reportToJson({ report, output: { compile: silent, run: output } });
    expect(run).toMatchObject({ stdout: text, stdout_encoding: encoding });
    expect([...Buffer.from(run?.stdout ?? "", encoding)]).toEqual(bytes);
  });
});
