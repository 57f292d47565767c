/**
 * @module
 * Piston's limits of the two stages, and its rule for them: a caller may only ask for less than what is
 * configured. What is configured is Piston's own default, within what this server allows.
 */
import type { ServerConfig } from "../../../config/server-config.ts";
import type { LoadedLanguage } from "../../../core/language.ts";
import { limitTable } from "../../../core/limits.ts";
import type { ExecuteBody } from "../../schemas.ts";
import { refusal } from "./errors.ts";

/** In ms, both what a caller gets and the most that one can ask for. */
export interface PistonTimes {
  readonly runMs: number;
  readonly compileMs: number;
  readonly runCpuMs: number;
  readonly compileCpuMs: number;
}

/** What the operator wrote, or Piston's own. */
export function pistonTimes({ wires: { piston } }: ServerConfig): PistonTimes {
  const { runTimeMs, compileTimeMs } = piston;
  return {
    runMs: runTimeMs,
    compileMs: compileTimeMs,
    runCpuMs: runTimeMs,
    compileCpuMs: compileTimeMs,
  };
}

/**
 * Both stages share one sandbox, which has one limit of memory: the lower one of the two holds for both.
 *
 * @param sent The body as it came.
 * @param bounds What the server allows this caller.
 * @throws {GloveboxError} `INVALID_REQUEST`
 */
export function limitsOf(
  sent: Readonly<Record<string, unknown>>,
  { limits, compile }: ServerConfig,
  { limits: needs, compile: compiler }: LoadedLanguage,
  times: PistonTimes,
): Pick<ExecuteBody, "limits" | "compile_limits"> {
  const { max } = limits;
  const readMemory = (name: string): number | undefined =>
    sent[name] === -1 ? undefined : readLimit(sent, name, max.memoryBytes);
  // In Piston's order: a request has one fault at a time.
  const memory = [readMemory("compile_memory_limit"), readMemory("run_memory_limit")] as const;
  const readTime = (name: string, most: number): number =>
    Math.max(limitTable.wallTimeMs.min, Math.ceil(readLimit(sent, name, most) ?? most));
  const most = (time: number, allowed: number, needed = 0): number =>
    Math.min(Math.max(time, needed), allowed);
  const compileMs = readTime("compile_timeout", most(times.compileMs, compile.wallTimeMs));
  const runMs = readTime("run_timeout", most(times.runMs, max.wallTimeMs, needs.wallTimeMs));
  const compileCpuMs = readTime("compile_cpu_time", most(times.compileCpuMs, compile.cpuTimeMs));
  const runCpuMs = readTime("run_cpu_time", most(times.runCpuMs, max.cpuTimeMs, needs.cpuTimeMs));
  const [ofCompiler, ofRun] = memory;
  const asked = [ofRun, compiler === undefined ? undefined : ofCompiler].filter(
    (bytes) => bytes !== undefined,
  );
  return {
    limits: {
      wall_time_ms: runMs,
      cpu_time_ms: runCpuMs,
      ...(asked.length === 0 ? {} : { memory_bytes: toMemory(Math.min(...asked)) }),
    },
    compile_limits: { wall_time_ms: compileMs, cpu_time_ms: compileCpuMs },
  };
}

/** Less than a program can be started with would be refused where it means no more than "very little". */
function toMemory(bytes: number): number {
  return Math.max(limitTable.memoryBytes.min, Math.floor(bytes));
}

/** Undefined where it is not specified. Piston takes 0 for "no limit": here nothing is that. */
function readLimit(
  sent: Readonly<Record<string, unknown>>,
  name: string,
  configured: number,
): number | undefined {
  const value = sent[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") throw refusal(name, `If specified, ${name} must be a number`);
  if (value > configured) {
    throw refusal(name, `${name} cannot exceed the configured limit of ${configured}`);
  }
  if (value < 0) throw refusal(name, `${name} must be non-negative`);
  if (value === 0) throw refusal(name, `${name} must be greater than 0, which is not "no limit"`);
  return value;
}
