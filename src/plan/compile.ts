/**
 * @module
 * From a plan to a state machine. Its data is `{ input, last: { exit_code, output } }`: what the plan, or
 * an item of a Map, was given, and how the last command ended. A pipe hands `last.output` on.
 */
import type { Machine, State, Template } from "./asl.ts";
import { conditionOf } from "./filter.ts";
import type { ParsedPlan, PlanPipeline, PlanStage } from "./parse.ts";

/** Stands for the function in a machine that is only shown. */
export const functionPlaceholder = "${FunctionArn}";

export interface CompileOptions {
  /** What runs the commands: an ARN, with its version. */
  readonly functionArn: string;
  readonly wallTimeMs: number;
}

/** What each command may use: native/lambda-runtime/README.md. */
const limits = {
  cpu_ms: null,
  processes: 512,
  file_bytes: 512 * 1024 * 1024,
  open_files: 1024,
  // A state machine's data has 256 KB.
  output_bytes: 128 * 1024,
  total_bytes: 192 * 1024,
} as const;

const env = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  HOME: "/home/sandbox",
  TMPDIR: "/tmp",
} as const;

interface Making {
  readonly options: CompileOptions;
  readonly count: { next: number };
  readonly states: Record<string, State>;
  /** Where an item goes that a filter leaves out. */
  readonly filtered: string;
}

export function compilePlan(plan: ParsedPlan, options: CompileOptions): Machine {
  // Their order is that of reading.
  const states: Record<string, State> = { Start: failure };
  const making: Making = { options, count: { next: 1 }, states, filtered: "Filtered" };
  const start = compilePipelines(plan.pipelines, making);
  states["Start"] = {
    Type: "Pass",
    Parameters: { "input.$": "$", last: { exit_code: 0, "output.$": "$" } },
    Next: start,
  };
  states["Ended"] = endOf("Done", "Failed");
  states["Done"] = { Type: "Succeed", InputPath: "$.last.output" };
  states["Failed"] = failure;
  if (plan.pipelines.some(({ stages }) => usesFilter(stages))) {
    states["Filtered"] = {
      Type: "Pass",
      Parameters: { "input.$": "$.input", last: { exit_code: 0, output: null } },
      Next: "Done",
    };
  }
  return { Comment: plan.line, StartAt: "Start", States: states };
}

const failure: State = {
  Type: "Fail",
  Error: "ExitCode",
  Cause: "The last command that ran has an exit code other than 0",
};

const isSuccess = { Variable: "$.last.exit_code", NumericEquals: 0 } as const;

const endOf = (done: string, failed: string): State => ({
  Type: "Choice",
  Choices: [{ ...isSuccess, Next: done }],
  Default: failed,
});

/** Whether a filter is among them, and not for the items of a further foreach. */
function usesFilter(stages: readonly PlanStage[]): boolean {
  const end = stages.findIndex(({ kind }) => kind === "foreach");
  return stages.slice(0, end === -1 ? stages.length : end).some(({ kind }) => kind === "filter");
}

/** @returns Where they begin. */
function compilePipelines(pipelines: readonly PlanPipeline[], making: Making): string {
  const [first, ...rest] = pipelines;
  if (first === undefined) return "Ended";
  if (rest.length === 0) return compileStages(first.stages, "Ended", "$.input", making);
  const choices = rest.map((_, index) => `And or ${index + 1}`);
  const start = compileStages(first.stages, choices[0] ?? "Ended", "$.input", making);
  rest.forEach(({ runs, stages }, index) => {
    const next = choices[index + 1] ?? "Ended";
    const begin = compileStages(stages, next, "$.input", making);
    const choice = choices[index] ?? "";
    making.states[choice] = runs === "after-success" ? endOf(begin, next) : endOf(next, begin);
  });
  return start;
}

/**
 * @param next What follows the last one.
 * @param data Where the first one's stdin is.
 * @returns Where they begin.
 */
function compileStages(
  stages: readonly PlanStage[],
  next: string,
  data: string,
  making: Making,
): string {
  const [stage, ...rest] = stages;
  if (stage === undefined) return next;
  const name = nameOf(stage, making);
  const { states } = making;
  switch (stage.kind) {
    case "command":
      states[name] = task(stage.argv, data, making);
      states[name] = {
        ...states[name],
        Next: compileStages(rest, next, "$.last.output", making),
      } as State;
      return name;
    case "sleep":
      states[name] = { Type: "Wait", Seconds: stage.seconds, Next: "" };
      states[name] = {
        Type: "Wait",
        Seconds: stage.seconds,
        Next: compileStages(rest, next, data, making),
      };
      return name;
    case "filter": {
      const condition = conditionOf(stage.expression, data);
      // Takes its place before those that follow.
      states[name] = { Type: "Choice", Choices: [], Default: making.filtered };
      const Next = compileStages(rest, next, data, making);
      states[name] = {
        Type: "Choice",
        Choices: [{ ...condition, Next }],
        Default: making.filtered,
      };
      return name;
    }
    case "foreach":
      states[name] = mapOf(rest, next, data, making);
      return name;
  }
}

const MAX_NAME_CHARS = 80;

function nameOf(stage: PlanStage, { count }: Making): string {
  const words = stage.kind === "command" ? stage.argv.join(" ") : wordsOfStage(stage);
  const plain = words.replaceAll(/[^ -~]|["?*<>{}[\]:;,\\|^~$#%&`]/g, " ");
  return `${count.next++} ${plain}`.slice(0, MAX_NAME_CHARS).trim();
}

function wordsOfStage(stage: Exclude<PlanStage, { readonly kind: "command" }>): string {
  if (stage.kind === "sleep") return `.sleep ${stage.seconds}`;
  return stage.kind === "filter" ? `.filter ${stage.expression}` : ".foreach";
}

function task(argv: readonly string[], data: string, { options }: Making): State {
  const payload: Template = {
    ...{ glovebox: 1, text: true, argv, env, cwd: "/workspace", scratch: false },
    kill_on_output: true,
    limits: { ...limits, wall_ms: options.wallTimeMs },
    "stdin.$": data,
  };
  return {
    Type: "Task",
    Resource: "arn:aws:states:::lambda:invoke",
    Parameters: { FunctionName: options.functionArn, Payload: payload },
    ResultSelector: { "exit_code.$": "$.Payload.exit_code", "output.$": "$.Payload.stdout" },
    ResultPath: "$.last",
    // What was refused was not run; what failed otherwise may have been, and is not run again.
    Retry: [
      {
        ErrorEquals: ["Lambda.TooManyRequestsException"],
        IntervalSeconds: 1,
        MaxAttempts: 6,
        BackoffRate: 2,
      },
    ],
    Next: "",
  };
}

/** The rest of a pipeline, for each item of what it is given. */
function mapOf(stages: readonly PlanStage[], next: string, data: string, making: Making): State {
  const number = making.count.next - 1;
  const [ended, kept, filtered, failed] = ["ended", "kept", "filtered", "failed"].map(
    (it) => `Item ${it} ${number}`,
  ) as [string, string, string, string];
  const states: Record<string, State> = {};
  const inner = { ...making, states, filtered };
  const StartAt = compileStages(stages, ended, "$.input", inner);
  states[ended] = endOf(kept, failed);
  states[kept] = {
    Type: "Pass",
    Parameters: { kept: true, "output.$": "$.last.output" },
    End: true,
  };
  states[failed] = failure;
  if (usesFilter(stages)) {
    states[filtered] = { Type: "Pass", Parameters: { kept: false, output: null }, End: true };
  }
  return {
    Type: "Map",
    ItemsPath: data,
    ItemSelector: {
      "input.$": "$$.Map.Item.Value",
      last: { exit_code: 0, "output.$": "$$.Map.Item.Value" },
    },
    ItemProcessor: { ProcessorConfig: { Mode: "INLINE" }, StartAt, States: states },
    ResultSelector: { exit_code: 0, "output.$": "$[?(@.kept==true)].output" },
    ResultPath: "$.last",
    Next: next,
  };
}
