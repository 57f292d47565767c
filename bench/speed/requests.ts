/**
 * @module
 * Starts programs and sends requests from C: see requests.c, which says what is measured.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { packageFolder } from "../../src/util/package-folder.ts";
import { cleanEnvironment, commandPath } from "../clean-environment.ts";

const COMPILE_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5_000;
const NS_PER_MS = 1e6;
/** More than can end in the time of any measurement. */
const ENDLESS = 1_000_000;

/** Where a request has this, requests.c puts a number that no other one has. */
export const nonce = "NONCE000";

export type Candidate =
  | {
      readonly kind: "exec";
      readonly argv: readonly [path: string, ...args: string[]];
      /** Must be part of its output. */
      readonly expect: string;
    }
  | {
      readonly kind: "http";
      /** Of the server on 127.0.0.1. */
      readonly port: number;
      /** Of `POST /v1/execute`. */
      readonly body: object;
      /** Must be part of the answer. */
      readonly expect: string;
    };

/** Some of one candidate, for a while as many at a time. */
export interface Load {
  /** Of each, in the order of their ends. */
  readonly tookMs: readonly number[];
  readonly runsPerSecond: number;
  /** CPU of the client alone, as a share of all cores' time: 0 to 1. */
  readonly clientShare: number;
}

/** Runs one measurement at a time. */
export interface Requests extends AsyncDisposable {
  /** @returns How long one took, in ms. */
  once(candidate: number): Promise<number>;
  load(candidate: number, parallel: number, ms: number): Promise<Load>;
}

/**
 * Compiles a C program beside this package's own; returns its path.
 *
 * @throws {Error} Without a C compiler.
 */
export async function compileC(
  source: string,
  program: string,
  flags: readonly string[] = [],
): Promise<string> {
  const compiler = commandPath("cc");
  if (compiler === undefined) throw new Error("no C compiler: apt-get install gcc libc6-dev");
  const usual = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra"];
  await promisify(execFile)(compiler, [...usual, ...flags, "-o", program, source], {
    timeout: COMPILE_TIMEOUT_MS,
  });
  return program;
}

/**
 * @param folder For its files; programs are started in it.
 * @param wordsToStart Of the C program, given its path, where it is to run elsewhere.
 */
export async function startRequests(
  folder: string,
  candidates: readonly Candidate[],
  cpus: number,
  wordsToStart = (program: string): readonly [string, ...string[]] => [program],
): Promise<Requests> {
  const source = join(packageFolder(), "bench/speed/requests.c");
  const program = await compileC(source, join(folder, "requests"));
  const words = candidates.flatMap((each, index) => [":::", ...wordsOf(each, folder, index)]);
  const [command, ...before] = wordsToStart(program);
  const child = spawn(command, [...before, ...words], {
    cwd: folder,
    env: cleanEnvironment,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint = `${complaint}${chunk.toString()}`));
  // Its end is told by the end of its output.
  child.stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const closed = once(child, "close");

  const ask = async (candidate: number, parallel: number, count: number, ms: number) => {
    child.stdin.write(`${candidate} ${parallel} ${count} ${ms}\n`);
    const answer: IteratorResult<string, unknown> = await lines.next();
    if (answer.done === true) {
      await closed;
      throw new Error(complaint.trim().slice(0, 2_000));
    }
    const [tookNs = NaN, cpuNs = NaN, ...samples] = answer.value.split(" ").map(Number);
    return { tookNs, cpuNs, tookMs: samples.map((sample) => sample / NS_PER_MS) };
  };
  return {
    once: async (candidate) => (await ask(candidate, 1, 1, ENDLESS)).tookMs[0]!,
    load: async (candidate, parallel, ms) => {
      const { tookNs, cpuNs, tookMs } = await ask(candidate, parallel, ENDLESS, ms);
      const runsPerSecond = (tookMs.length * 1000 * NS_PER_MS) / tookNs;
      return { tookMs, runsPerSecond, clientShare: cpuNs / tookNs / cpus };
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}

function wordsOf(candidate: Candidate, folder: string, index: number): readonly string[] {
  if (candidate.kind === "exec") return ["exec", candidate.expect, ...candidate.argv];
  const body = join(folder, `body-${index}.json`);
  writeFileSync(body, JSON.stringify(candidate.body));
  return ["http", candidate.expect, String(candidate.port), body];
}
