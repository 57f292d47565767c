/**
 * @module
 * Starts programs from C, so that what is measured is theirs and not that of Node's child_process.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageFolder } from "../src/util/package-folder.ts";
import { commandPath } from "./clean-environment.ts";

const execute = promisify(execFile);

const COMPILE_TIMEOUT_MS = 60_000;
/** For all rounds together; spawn-timer bounds each step by itself. */
const RUN_TIMEOUT_MS = 300_000;
/** The first starts fill the page cache and the kernel's own caches. */
const WARM_UP_ROUNDS = 5;

export type Candidate =
  | { readonly kind: "exec"; readonly argv: readonly [path: string, ...args: string[]] }
  | {
      readonly kind: "plan";
      readonly launcher: string;
      /** A file with its messages: create and one exec. */
      readonly messages: string;
    };

/** One number a round, in ms. */
export interface Times {
  /** From before vfork(2) until the process was reaped. */
  readonly reaped: readonly number[];
  /** Until the launcher's `exit` line; empty for other programs. */
  readonly exitLine: readonly number[];
}

export interface SpawnTimer {
  /**
   * Starts every candidate once a round, in turn; the answers are in the order of the candidates.
   *
   * @throws {Error} Where a candidate does not end well, or not in 20 s.
   */
  time(rounds: number, candidates: readonly Candidate[]): Promise<readonly Times[]>;
}

/** @throws {Error} Without a C compiler. */
export async function createSpawnTimer(
  folder: string,
  surroundings: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): Promise<SpawnTimer> {
  const program = join(folder, "spawn-timer");
  const source = join(packageFolder(), "bench/spawn-timer.c");
  const flags = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra"];
  const compiler = commandPath("cc");
  if (compiler === undefined) throw new Error("no C compiler: apt-get install gcc libc6-dev");
  await execute(compiler, [...flags, "-o", program, source], { timeout: COMPILE_TIMEOUT_MS });

  async function time(rounds: number, candidates: readonly Candidate[]): Promise<Times[]> {
    const words = candidates.flatMap((candidate) => [":::", ...wordsOf(candidate)]);
    const { stdout } = await execute(program, [String(rounds + WARM_UP_ROUNDS), ...words], {
      ...surroundings,
      timeout: RUN_TIMEOUT_MS,
      maxBuffer: 64 * 1024 * 1024,
    });
    const samples = stdout
      .trim()
      .split("\n")
      .map(parseSample)
      .slice(WARM_UP_ROUNDS * candidates.length);
    return candidates.map((candidate, index) => {
      const own = samples.filter((sample) => sample.candidate === index);
      const exitLine = candidate.kind === "plan" ? own.map((sample) => sample.exitLineMs) : [];
      return { reaped: own.map((sample) => sample.reapedMs), exitLine };
    });
  }
  return { time };
}

function wordsOf(candidate: Candidate): readonly string[] {
  if (candidate.kind === "exec") return ["exec", ...candidate.argv];
  return ["plan", candidate.launcher, candidate.messages];
}

function parseSample(line: string): {
  readonly candidate: number;
  readonly reapedMs: number;
  readonly exitLineMs: number;
} {
  const [candidate = NaN, reapedNs = NaN, exitLineNs = NaN] = line.split(" ").map(Number);
  return { candidate, reapedMs: reapedNs / 1e6, exitLineMs: exitLineNs / 1e6 };
}
