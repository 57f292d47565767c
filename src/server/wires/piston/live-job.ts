/**
 * @module
 * One run as its client follows it: the messages of /connect, in Piston's order.
 */
import { TextDecoder } from "node:util";
import type { OutputStream } from "../../../core/command.ts";
import type { ExecutionReport, ExecutionSink, PhaseName } from "../../../service/request.ts";
import type { PistonRuntime } from "./runtimes.ts";
import { stageReport, type StageReport } from "./stage.ts";

export interface LiveJob extends ExecutionSink {
  /** The sandbox is there. */
  readonly begin: () => void;
  /** Tells how it ended. */
  readonly finish: (report: ExecutionReport) => void;
}

/** What is known of a compiler before all is over. */
const compiled: Pick<StageReport, "code" | "signal" | "message" | "status"> = {
  code: 0,
  signal: null,
  message: null,
  status: null,
};

type Decoders = Readonly<Record<OutputStream, TextDecoder>>;

/**
 * @param send Resolves once the client may get more.
 * @param onBegun Called when the program begins.
 */
export function createLiveJob(
  { name, version, language }: PistonRuntime,
  send: (message: object) => Promise<void>,
  onBegun: () => void,
): LiveJob {
  const isCompiled = language.compile !== undefined;
  let stage: PhaseName | undefined;
  let decoders = createDecoders();

  const enter = (next: PhaseName): void => {
    stage = next;
    decoders = createDecoders();
    void send({ type: "stage", stage: next });
  };
  const leave = (end: Partial<StageReport>): void => {
    // Half a character at the end is none.
    for (const stream of ["stdout", "stderr"] as const) {
      const data = decoders[stream].decode();
      if (data !== "") void send({ type: "data", stream, data });
    }
    void send({ type: "exit", stage, ...end });
  };
  return {
    begin: () => {
      // Again where a sandbox was lost.
      if (stage !== undefined) return;
      void send({ type: "runtime", language: name, version });
      if (isCompiled) enter("compile");
    },
    onRun: () => {
      // What it is compiled from was good.
      if (stage === "compile") leave(compiled);
      enter("run");
      onBegun();
    },
    onOutput: async (_phase, stream, chunk) => {
      const data = decoders[stream].decode(chunk, { stream: true });
      if (data !== "") await send({ type: "data", stream, data });
    },
    finish: ({ compile, run }) => {
      if (run !== null) {
        leave(stageReport(run));
      } else if (compile !== undefined) {
        leave(stageReport(compile));
      }
    },
  };
}

/** A character may come in two pieces. */
function createDecoders(): Decoders {
  const create = (): TextDecoder => new TextDecoder("utf-8", { ignoreBOM: true });
  return { stdout: create(), stderr: create() };
}
