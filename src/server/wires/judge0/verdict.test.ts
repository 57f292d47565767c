import { expect, test } from "vitest";
import type { ExecutionInfo, ExecutionState } from "../../../service/executions/execution-info.ts";
import type { PhaseJson, ReportJson } from "../../../service/report-json.ts";
import type { SubmissionMeta } from "./submission-meta.ts";
import { judge, verdictOf } from "./verdict.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

function phase(more: Partial<PhaseJson> = {}): PhaseJson {
  return {
    stdout: "",
    stdout_encoding: "utf8",
    stderr: "",
    stderr_encoding: "utf8",
    output: "",
    output_encoding: "utf8",
    exit_code: 0,
    signal: null,
    outcome: "exited",
    truncated: false,
    usage: { wall_ms: 20, cpu_ms: 10, peak_memory_bytes: 5000 },
    ...more,
  };
}

function report(run: PhaseJson | null, compile?: PhaseJson): ReportJson {
  const base = { id: "", language: "c", version: null, run, enforcement: {} as never };
  return compile === undefined ? base : { ...base, compile };
}

const meta = {
  languageId: 50,
  expectedOutput: null,
  judgedMemoryBytes: null,
  fields: { redirect_stderr_to_stdout: false },
} as unknown as SubmissionMeta;

const memoryLimit = { statusId: 12, message: "Memory limit exceeded", exitSignal: 9 };

test.each<[string, Partial<PhaseJson>, object]>([
  ["exit code 0", {}, { statusId: 3, message: null, exitCode: 0, exitSignal: null }],
  [
    "exit code 3",
    { exit_code: 3 },
    { statusId: 11, message: "Exited with error status 3", exitCode: 3 },
  ],
  [
    "wall time",
    { outcome: "wall_time", exit_code: null },
    { statusId: 5, message: "Time limit exceeded (wall clock)" },
  ],
  [
    "CPU time",
    { outcome: "cpu_time", exit_code: null },
    { statusId: 5, message: "Time limit exceeded" },
  ],
  ["memory", { outcome: "memory", exit_code: null }, memoryLimit],
  ["too much output", { outcome: "output", exit_code: null }, { statusId: 8, exitSignal: 25 }],
  ["a refused fork", { outcome: "processes", exit_code: 1 }, { statusId: 11, exitCode: 1 }],
  ["a full disk", { outcome: "disk", exit_code: 2 }, { statusId: 11, exitCode: 2 }],
  ["a cancel", { outcome: "canceled", exit_code: null }, { statusId: 13 }],
  [
    "SIGTERM",
    { outcome: "signaled", signal: "SIGTERM" },
    { statusId: 12, exitSignal: 15, message: "Caught fatal signal 15" },
  ],
  ["exit code 126", { exit_code: 126 }, { statusId: 11 }],
])("%s", (_name, more, expected) => {
  expect(judge(report(phase(more)), meta)).toMatchObject(expected);
});

test.each<[string, string, number]>([
  ["one\ntwo", "one  \r\ntwo\t\n\n\n", 3],
  ["one\ntwo\n", "one\ntwo", 3],
  ["", "", 3],
  ["", " \n", 3],
  [" one", "one", 4],
  ["one\n\ntwo", "one\ntwo", 4],
  ["é", "e", 4],
])("%j and the expected %j have the status %i", (stdout, expected, statusId) => {
  const verdict = judge(report(phase({ stdout })), { ...meta, expectedOutput: base64(expected) });
  expect(verdict).toMatchObject({ statusId });
});

test("white space in the middle of a long line takes no time", () => {
  const stdout = `${" ".repeat(1_000_000)}x`;
  const startedAt = performance.now();
  judge(report(phase({ stdout })), { ...meta, expectedOutput: base64("x") });
  expect(performance.now() - startedAt).toBeLessThan(1000);
});

test("the program's memory is judged, and not the compiler's", () => {
  const judged = { ...meta, judgedMemoryBytes: 4000 };
  const compile = (peak_memory_bytes: number): PhaseJson =>
    phase({ usage: { wall_ms: 1, peak_memory_bytes } });
  expect(judge(report(phase(), compile(9000)), judged)).toMatchObject(memoryLimit);
  expect(judge(report(phase(), compile(5000)), judged)).toMatchObject({ statusId: 3 });
  expect(judge(report(phase()), { ...meta, judgedMemoryBytes: 5000 })).toMatchObject({
    statusId: 3,
  });
});

test("a compiler's end is all that is told", () => {
  const failed = phase({ output: "main.c:1: no", exit_code: 1 });
  const nothing = { stdout: null, stderr: null, timeMs: null, memoryBytes: null, exitCode: null };
  const answer = (compile: PhaseJson): object => {
    const { compileOutput, ...rest } = judge(report(null, compile), meta);
    return { ...rest, compileOutput: compileOutput?.toString() };
  };
  const base = { ...nothing, statusId: 6, message: null };
  expect(answer(failed)).toMatchObject({ ...base, compileOutput: "main.c:1: no" });
  expect(answer(phase({ outcome: "cpu_time" }))).toMatchObject({
    ...base,
    compileOutput: "Compilation time limit exceeded.",
  });
  expect(answer(phase({ outcome: "memory", output: "cc1: " }))).toMatchObject({
    ...base,
    compileOutput: "cc1: Compilation memory limit exceeded.",
  });
});

test("stderr is a part of stdout where that was asked for", () => {
  const run = phase({ stdout: "out", stderr: "err", output: "oerrut" });
  const merged = { ...meta, fields: { ...meta.fields, redirect_stderr_to_stdout: true } };
  expect(judge(report(run), merged)).toMatchObject({ stdout: Buffer.from("oerrut"), stderr: null });
  expect(judge(report(run), meta)).toMatchObject({
    stdout: Buffer.from("out"),
    stderr: Buffer.from("err"),
  });
});

test.each<[ExecutionState, object, number]>([
  ["queued", {}, 1],
  ["running", {}, 2],
  ["failed", { message: "bash is not installed" }, 13],
  ["canceled", {}, 13],
])("what is %s has the status", (state, error, statusId) => {
  const info = { state } as ExecutionInfo;
  const kept = { code: "INTERNAL", details: {}, message: "", ...error } as const;
  expect(verdictOf(info, { error: kept, meta })).toMatchObject({ statusId, ...error });
});
