/**
 * @module
 * What is said on stderr after a run, in words that name the flag to change.
 */
import { controls, missingControls } from "../core/enforcement.ts";
import type { Control, Enforcement } from "../core/enforcement.ts";
import type { Execution } from "../core/execution.ts";
import type { LimitName, Limits } from "../core/limits.ts";
import type { OutcomeLimit } from "../core/outcome.ts";
import type { ExecutionReport } from "../service/request.ts";
import { formatLimit } from "./format-limit.ts";
import { flagOf } from "./limit-flags.ts";

/** Lines without the `glovebox: ` in front; empty where the program's end speaks for itself. */
export function explainEnd(report: ExecutionReport, limits: Limits): readonly string[] {
  if (report.run !== null) return explainRun(report.run, limits);
  return report.compile === undefined ? [] : explainCompile(report.compile, limits);
}

/** The controls that do not hold, for a run that accepted that. */
export function explainGaps(enforcement: Enforcement): readonly string[] {
  const names = missingControls(enforcement);
  if (names.length === 0) return [];
  return [`warning: not enforced here: ${names.join(", ")}. Run \`glovebox doctor\`.`];
}

/** For `--verbose`: what held and what was used. */
export function explainInFull(report: ExecutionReport, providerName: string): readonly string[] {
  const { runtime, compile, compileCache, run, enforcement } = report;
  const what = runtime === undefined ? [] : [runtime.languageId, runtime.version ?? []].flat();
  const compiling = (phase: Execution): string =>
    compileCache === "hit" ? "from the cache" : describeUsage(phase);
  return [
    [...what, `in a sandbox of \`${providerName}\``].join(" "),
    ...(compile === undefined ? [] : [`compile: ${compiling(compile)}`]),
    ...(run === null ? [] : [`run: ${describeUsage(run)}`]),
    ...controls.flatMap((control) => describeGap(control, enforcement)),
  ];
}

const flaggedLimits: Readonly<Record<OutcomeLimit, LimitName>> = {
  wallTime: "wallTimeMs",
  cpuTime: "cpuTimeMs",
  memory: "memoryBytes",
  output: "outputBytes",
  processes: "processes",
  disk: "diskBytes",
};

const limitWords: Readonly<Record<OutcomeLimit, (value: string) => string>> = {
  wallTime: (value) => `stopped: ran longer than ${value}`,
  cpuTime: (value) => `stopped: used more than ${value} of CPU time`,
  memory: (value) => `killed: used more than ${value} of memory`,
  output: (value) => `stopped: wrote more than ${value} of output`,
  processes: (value) => `failed: wanted more than ${value} processes and threads`,
  disk: (value) => `failed: wrote files of more than ${value}`,
};

function explainRun(run: Execution, limits: Limits): readonly string[] {
  const lines = explainDropped(run, limits);
  return run.outcome.kind === "limit" ? [...lines, explainLimit(run.outcome.limit, limits)] : lines;
}

function explainLimit(limit: OutcomeLimit, limits: Limits): string {
  const name = flaggedLimits[limit];
  return `${limitWords[limit](formatLimit(name, limits[name]))} (${flagOf(name)})`;
}

/** A compile phase shares the sandbox's limits, but its times are not the caller's to set. */
function explainCompile({ outcome }: Execution, limits: Limits): readonly string[] {
  if (outcome.kind !== "limit") return [];
  if (outcome.limit === "wallTime" || outcome.limit === "cpuTime") {
    return ["stopped: compiling took too long"];
  }
  return [`compiling ${explainLimit(outcome.limit, limits)}`];
}

function explainDropped(
  { droppedBytes, outcome }: Execution,
  { outputBytes }: Limits,
): readonly string[] {
  if (outcome.kind === "limit" && outcome.limit === "output") return [];
  const parts = (["stdout", "stderr"] as const)
    .filter((stream) => droppedBytes[stream] > 0)
    .map((stream) => `${droppedBytes[stream]} bytes of ${stream}`);
  if (parts.length === 0) return [];
  const flag = flagOf("outputBytes");
  return [
    `dropped ${parts.join(" and ")}: over ${formatLimit("outputBytes", outputBytes)} (${flag})`,
  ];
}

function describeUsage({ usage }: Execution): string {
  const { wallTimeMs, cpuTimeMs, peakMemoryBytes } = usage;
  const parts = [`${Math.round(wallTimeMs)} ms`];
  if (cpuTimeMs !== undefined) parts.push(`${Math.round(cpuTimeMs)} ms of CPU time`);
  if (peakMemoryBytes !== undefined) {
    parts.push(`${(peakMemoryBytes / 1024 ** 2).toFixed(1)} MiB of memory`);
  }
  return parts.join(", ");
}

function describeGap(control: Control, enforcement: Enforcement): readonly string[] {
  const { level, note } = enforcement[control];
  return level === "enforced" ? [] : [`${level}: ${control}: ${note}`];
}
