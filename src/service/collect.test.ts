import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { controls, enforced, type Enforcement } from "../core/enforcement.ts";
import { collect } from "./collect.ts";
import type { ExecutionSink } from "./request.ts";
import type { ExecutionService } from "./service.ts";
import { requestOf } from "../../test/helpers/request.ts";

const never = new AbortController().signal;
const MIB = 1024 ** 2;

const request = requestOf({ kind: "command", argv: ["true"] });

const enforcement = Object.fromEntries(
  controls.map((control) => [control, enforced("a test")]),
) as Enforcement;

/** A run whose output comes as `write` hands it over: the pieces a kernel makes can't be chosen. */
function runThatWrites(write: (sink: ExecutionSink) => void): Pick<ExecutionService, "run"> {
  return {
    run: async (_request, sink) => {
      write(sink);
      return { id: "1", run: null, enforcement };
    },
  };
}

/** Bytes in use after a full collection of garbage. */
function usedBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test("output written byte by byte costs its size, not an object a byte", async () => {
  const before = usedBytes();
  let grownBytes = 0;
  const service = runThatWrites((sink) => {
    for (let index = 0; index < MIB; index++) {
      // As a pipe gives it: each piece is a buffer of its own.
      void sink.onOutput("run", "stdout", Buffer.from([index & 0xff]));
    }
    grownBytes = usedBytes() - before;
  });
  const { output } = await collect(service, request, never);
  expect(output.run.stdout.byteLength).toBe(MIB);
  expect(output.run.stdout[259]).toBe(3);
  // The stream and the interleaved copy, each with room for as much again.
  expect(grownBytes).toBeLessThan(5 * MIB);
});

test("streams and phases are kept apart, and interleaved in order of arrival", async () => {
  const service = runThatWrites((sink) => {
    void sink.onOutput("compile", "stderr", Buffer.from("warning\n"));
    void sink.onOutput("run", "stdout", Buffer.from("1\n"));
    void sink.onOutput("run", "stderr", Buffer.from("2\n"));
    void sink.onOutput("run", "stdout", Buffer.from("3\n"));
  });
  const { output } = await collect(service, request, never);
  const text = (phase: "compile" | "run"): string[] =>
    [output[phase].stdout, output[phase].stderr, output[phase].output].map(String);
  expect(text("compile")).toEqual(["", "warning\n", "warning\n"]);
  expect(text("run")).toEqual(["1\n3\n", "2\n", "1\n2\n3\n"]);
});
