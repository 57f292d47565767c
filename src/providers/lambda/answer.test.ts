import { describe, expect, test } from "vitest";
import { readCommandAnswer, readEventAnswer, type FunctionAnswer } from "./answer.ts";

const report = (usedMib: number): string =>
  `START RequestId: 1 Version: 1\nREPORT RequestId: 1\tDuration: 12.5 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: ${usedMib} MB\t\n`;
const answer = (value: unknown, parts: Partial<FunctionAnswer> = {}): FunctionAnswer => ({
  functionError: undefined,
  payload: Buffer.from(JSON.stringify(value)),
  log: report(40),
  elapsedMs: 20,
  ...parts,
});
const failed = (errorType: string, errorMessage: string, usedMib = 40): FunctionAnswer =>
  answer({ errorType, errorMessage }, { functionError: "Unhandled", log: report(usedMib) });

describe("a function that failed", () => {
  test.each([
    [
      "Sandbox.Timedout",
      "RequestId: 1 Error: Task timed out after 3.00 seconds",
      40,
      { kind: "limit", limit: "wallTime", exitCode: null },
    ],
    [
      "Runtime.ExitError",
      "RequestId: 1 Error: Runtime exited with error: signal: killed",
      128,
      { kind: "limit", limit: "memory", exitCode: null },
    ],
    [
      "Runtime.ExitError",
      "RequestId: 1 Error: Runtime exited with error: signal: killed",
      40,
      { kind: "signaled", signal: "SIGKILL" },
    ],
    ["Runtime.OutOfMemory", "", 40, { kind: "limit", limit: "memory", exitCode: null }],
    [
      "Runtime.ExitError",
      "Error: Runtime exited with error: exit status 7",
      40,
      { kind: "exited", exitCode: 7 },
    ],
    ["ValueError", "no good", 40, { kind: "exited", exitCode: 1 }],
  ])("%s %s with %i MB", (type, message, usedMib, outcome) => {
    expect(readEventAnswer(failed(type, message, usedMib)).execution.outcome).toEqual(outcome);
  });

  test("whose payload is no JSON is a failure all the same", () => {
    const broken = { ...failed("", ""), payload: Buffer.from("{") };
    expect(readEventAnswer(broken).execution.outcome).toEqual({ kind: "exited", exitCode: 1 });
  });
});

describe("the answer of a command", () => {
  const good = {
    ...{ glovebox: 1, exit_code: 0, signal: null, ended: null, not_started: null },
    ...{ output: [["o", "aGk="]], dropped: { o: 0, e: 0 }, wall_ms: 5 },
  };
  test("that is none of the bootstrap's is none", () => {
    for (const value of [
      null,
      [],
      "text",
      { ...good, glovebox: 2 },
      { ...good, exit_code: 256 },
      { ...good, output: [["o", "%"]] },
      { ...good, wall_ms: -1 },
    ]) {
      expect(readCommandAnswer(answer(value), "x")).toBeUndefined();
    }
    expect(readCommandAnswer(answer(good), "x")?.output).toEqual([["stdout", Buffer.from("hi")]]);
  });

  test.each([
    [{ exit_code: null, signal: 9 }, 128, { kind: "limit", limit: "memory", exitCode: null }],
    [{ exit_code: null, signal: 9 }, 40, { kind: "signaled", signal: "SIGKILL" }],
    [{ exit_code: null, signal: 24 }, 40, { kind: "limit", limit: "cpuTime", exitCode: null }],
    [
      { exit_code: null, signal: 9, ended: "wallTime" },
      40,
      { kind: "limit", limit: "wallTime", exitCode: null },
    ],
    [{ exit_code: null, not_started: "ENOENT" }, 40, { kind: "exited", exitCode: 127 }],
  ])("%j with %i MB used", (parts, usedMib, outcome) => {
    const read = readCommandAnswer(answer({ ...good, ...parts }, { log: report(usedMib) }), "x");
    expect(read?.execution.outcome).toEqual(outcome);
  });
});
