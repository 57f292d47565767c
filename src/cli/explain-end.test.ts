import { describe, expect, test } from "vitest";
import { enforced, missing, controls, type Enforcement } from "../core/enforcement.ts";
import type { Execution } from "../core/execution.ts";
import type { Outcome } from "../core/outcome.ts";
import { explainEnd, explainGaps, explainInFull } from "./explain-end.ts";
import { parseLimits } from "./limit-flags.ts";

const enforcement = Object.fromEntries(
  controls.map((control) => [control, enforced("kernel")]),
) as Enforcement;
const limits = parseLimits({
  timeout: "2s",
  cpu: "1500ms",
  memory: "64MiB",
  processes: "8",
  output: "1KiB",
  disk: "1MiB",
});
const execution = (outcome: Outcome, stdout = 0, stderr = 0): Execution => ({
  outcome,
  usage: { wallTimeMs: 1 },
  droppedBytes: { stdout, stderr },
});
const hit = (limit: Extract<Outcome, { kind: "limit" }>["limit"]): Outcome => ({
  kind: "limit",
  limit,
  exitCode: null,
});

describe("the end of a run", () => {
  test.each<[Execution, string[]]>([
    [execution({ kind: "exited", exitCode: 1 }), []],
    [execution({ kind: "signaled", signal: "SIGSEGV" }), []],
    [execution({ kind: "canceled" }), []],
    [execution(hit("wallTime")), ["stopped: ran longer than 2s (--timeout)"]],
    [execution(hit("cpuTime")), ["stopped: used more than 1500ms of CPU time (--cpu)"]],
    [execution(hit("memory")), ["killed: used more than 64MiB of memory (--memory)"]],
    [execution(hit("output"), 9), ["stopped: wrote more than 1KiB of output (--output)"]],
    [execution(hit("disk")), ["failed: wrote files of more than 1MiB (--disk)"]],
    [
      execution(hit("processes")),
      ["failed: wanted more than 8 processes and threads (--processes)"],
    ],
    [
      execution({ kind: "exited", exitCode: 0 }, 5, 7),
      ["dropped 5 bytes of stdout and 7 bytes of stderr: over 1KiB (--output)"],
    ],
  ])("%j is told as %j", (run, lines) => {
    expect(explainEnd({ id: "1", run, enforcement }, limits)).toEqual(lines);
  });

  test.each<[Outcome, string[]]>([
    [{ kind: "exited", exitCode: 1 }, []],
    [hit("wallTime"), ["stopped: compiling took too long"]],
    [hit("memory"), ["compiling killed: used more than 64MiB of memory (--memory)"]],
  ])("of a compile phase, %j, is told as %j", (outcome, lines) => {
    const report = { id: "1", compile: execution(outcome), run: null, enforcement };
    expect(explainEnd(report, limits)).toEqual(lines);
  });
});

describe("with --verbose", () => {
  const run = execution({ kind: "exited", exitCode: 0 });
  const runtime = (version: string | null) => ({ languageId: "c", version });

  test.each([
    ["12.2.0", "c 12.2.0 in a sandbox of `linux`"],
    [null, "c in a sandbox of `linux`"],
  ])("the version %j is told as %j", (version, line) => {
    const report = { id: "1", run, enforcement, runtime: runtime(version) };
    expect(explainInFull(report, "linux")).toEqual([line, "run: 1 ms"]);
  });

  test.each([
    ["hit", "compile: from the cache"],
    ["miss", "compile: 1 ms"],
    ["off", "compile: 1 ms"],
  ] as const)("of the compile cache %s is told as %j", (compileCache, line) => {
    const report = { id: "1", compile: run, run, enforcement, compileCache };
    expect(explainInFull(report, "linux")).toContain(line);
  });
});

test("missing controls are named once, and a whole sandbox is no news", () => {
  expect(explainGaps(enforcement)).toEqual([]);
  const gaps = { ...enforcement, network: missing("none"), memory: missing("none") };
  expect(explainGaps(gaps)).toEqual([
    "warning: not enforced here: network, memory. Run `glovebox doctor`.",
  ]);
});
