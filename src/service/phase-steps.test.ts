import { expect, test } from "vitest";
import type { Execution } from "../core/execution.ts";
import { joined, remaining } from "./phase-steps.ts";

const execution = (parts: Partial<Execution>): Execution => ({
  outcome: { kind: "exited", exitCode: 0 },
  usage: { wallTimeMs: 10, cpuTimeMs: 4, peakMemoryBytes: 100 },
  droppedBytes: { stdout: 1, stderr: 2 },
  ...parts,
});

test("two commands are one phase with the end of the second", () => {
  const second = execution({
    outcome: { kind: "exited", exitCode: 3 },
    usage: { wallTimeMs: 5, cpuTimeMs: 1, peakMemoryBytes: 70 },
  });
  expect(joined(execution({}), second)).toEqual({
    outcome: { kind: "exited", exitCode: 3 },
    usage: { wallTimeMs: 15, cpuTimeMs: 5, peakMemoryBytes: 100 },
    droppedBytes: { stdout: 2, stderr: 4 },
  });
});

test("what one of them could not measure is unknown", () => {
  const second = execution({ usage: { wallTimeMs: 5 } });
  expect(joined(execution({}), second).usage).toEqual({ wallTimeMs: 15 });
});

test("the second gets the time that is left, and a little where none is", () => {
  const limits = { wallTimeMs: 100, cpuTimeMs: "unlimited", outputBytes: 7 } as const;
  expect(remaining(limits, { wallTimeMs: 30.5 })).toEqual({ ...limits, wallTimeMs: 69 });
  expect(remaining(limits, { wallTimeMs: 300 })).toEqual({ ...limits, wallTimeMs: 10 });
});
