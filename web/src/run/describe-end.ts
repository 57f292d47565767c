/**
 * @module
 * How a run ended, in words.
 */
import type { ExecuteAnswer, Execution, Phase } from "../../../src/client/types.ts";

export interface EndWords {
  readonly kind: "good" | "bad" | "stopped";
  /** `Exited with code 0`, `Killed: used more than 256 MiB of memory`. */
  readonly text: string;
  /** `23 ms`, `CPU 17 ms`, `9.2 MiB`. */
  readonly facts: readonly string[];
}

/** Bounds that held, to be told with what went over them. */
export interface HeldLimits {
  readonly wallTimeMs: number;
  readonly cpuTimeMs: number;
  readonly memoryBytes: number;
  readonly processes: number;
  readonly outputBytes: number;
  readonly diskBytes: number;
}

export function describeEnd({ state, result, error }: Execution, limits: HeldLimits): EndWords {
  if (error !== undefined) return { kind: "bad", text: `Not run: ${error.message}`, facts: [] };
  if (result === undefined) {
    return { kind: "stopped", text: state === "canceled" ? "Stopped" : "Ended", facts: [] };
  }
  const phase = lastPhase(result);
  if (phase === undefined) return { kind: "bad", text: "Ended", facts: [] };
  const isCompiler = result.run === null;
  const text = describePhase(phase, limits, isCompiler);
  const isGood = !isCompiler && phase.outcome === "exited" && phase.exit_code === 0;
  const kind = phase.outcome === "canceled" ? "stopped" : isGood ? "good" : "bad";
  return { kind, text, facts: factsOf(phase) };
}

const lastPhase = ({ run, compile }: ExecuteAnswer): Phase | undefined => run ?? compile;

function describePhase(phase: Phase, limits: HeldLimits, isCompiler: boolean): string {
  const who = isCompiler ? "The compiler" : "";
  const say = (text: string): string =>
    who === "" ? text : `${who} ${text.charAt(0).toLowerCase()}${text.slice(1)}`;
  const code = phase.exit_code === null ? "" : ` (exit code ${phase.exit_code})`;
  switch (phase.outcome) {
    case "exited":
      return say(`Exited with code ${phase.exit_code ?? "?"}`);
    case "signaled":
      return say(`Ended by ${describeSignal(phase.signal ?? "a signal")}`);
    case "canceled":
      return "Stopped";
    case "wall_time":
      return isCompiler
        ? "The compiler was stopped: it took too long"
        : `Killed: ran longer than ${formatMs(limits.wallTimeMs)}`;
    case "cpu_time":
      return isCompiler
        ? "The compiler was stopped: it took too much CPU time"
        : `Killed: used more than ${formatMs(limits.cpuTimeMs)} of CPU time`;
    case "memory":
      return say(`Killed: used more than ${formatBytes(limits.memoryBytes)} of memory`);
    case "output":
      return say(`Killed: wrote more than ${formatBytes(limits.outputBytes)}`);
    case "processes":
      return say(`Failed: wanted more than ${limits.processes} processes${code}`);
    case "disk":
      return say(`Failed: wrote more than ${formatBytes(limits.diskBytes)} to files${code}`);
  }
}

const signalMeanings: Readonly<Record<string, string>> = {
  SIGSEGV: "it touched memory that is not its own",
  SIGABRT: "it gave itself up",
  SIGFPE: "it divided by zero, or the like",
  SIGILL: "it came to an instruction that there is not",
  SIGBUS: "it touched memory that is not there",
  SIGKILL: "it was killed",
  SIGSYS: "it made a system call that is not allowed",
  SIGPIPE: "nobody read what it wrote",
};

function describeSignal(name: string): string {
  const meaning = signalMeanings[name];
  return meaning === undefined ? name : `${name}: ${meaning}`;
}

function factsOf({ usage, truncated }: Phase): readonly string[] {
  return [
    formatMs(usage.wall_ms),
    ...(usage.cpu_ms === undefined ? [] : [`CPU ${formatMs(usage.cpu_ms)}`]),
    ...(usage.peak_memory_bytes === undefined ? [] : [formatBytes(usage.peak_memory_bytes)]),
    ...(truncated ? ["output was cut"] : []),
  ];
}

/** `23 ms`, `1.52 s`, `2 min 5 s`. */
export function formatMs(ms: number): string {
  if (ms < 1000) return `${ms < 10 ? round(ms, 1) : Math.round(ms)} ms`;
  if (ms < 60_000) return `${round(ms / 1000, 2)} s`;
  const seconds = Math.round(ms / 1000);
  const rest = seconds % 60;
  return `${Math.floor(seconds / 60)} min${rest === 0 ? "" : ` ${rest} s`}`;
}

/** `512 B`, `9.2 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"] as const;
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  return `${round(bytes / 1024 ** step, 1)} ${units[step] ?? "B"}`;
}

function round(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
