/**
 * @module
 * A real `glovebox serve`, as a process of its own, on a port of its own.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { packageFolder } from "../src/util/package-folder.ts";
import { cleanEnvironment, commandPath } from "./clean-environment.ts";

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 15_000;
const ANSWER_TIMEOUT_MS = 60_000;

export interface BenchServer extends AsyncDisposable {
  readonly pid: number;
  /** `http://127.0.0.1:41234` */
  readonly url: string;
  /**
   * Runs a program by `POST /v1/execute`.
   *
   * @returns How long it took until the whole answer was here, in ms.
   * @throws {Error} Where the program did not end with code 0 and `stdout`.
   */
  execute(program: PythonProgram): Promise<number>;
  /** Closes the connections of finished requests. */
  disconnect(): void;
}

export interface PythonProgram {
  readonly code: string;
  readonly stdout: string;
}

export const pythonHello: PythonProgram = {
  code: 'print("Hello, world!")',
  stdout: "Hello, world!\n",
};

/**
 * @param env Added to the clean environment.
 * @throws {Error} Where it does not listen in 20 s.
 */
export async function startBenchServer(
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<BenchServer> {
  const glovebox = join(packageFolder(), "bin/glovebox");
  const argv = [glovebox, "serve", "--port", "0", "--log-level", "error"];
  const [program = "", ...args] = [...ownMountNamespace(), ...argv];
  const child = spawn(program, args, {
    cwd,
    // Not where this user's own server keeps what it has accepted.
    env: { ...cleanEnvironment, GLOVEBOX_STORAGE_FOLDER: join(cwd, "state"), ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  // If the bench is interrupted: the server then ends its runs and itself.
  const endWithUs = (): void => void child.kill("SIGTERM");
  process.once("exit", endWithUs);
  child.once("exit", () => process.off("exit", endWithUs));
  let url: string;
  try {
    url = await readUrl(child.stdout);
  } catch (error) {
    await stop(child);
    throw error;
  }
  let agent = new Agent({ keepAlive: true });
  return {
    pid: child.pid!,
    url,
    execute: (program) => execute(`${url}/v1/execute`, agent, program),
    disconnect: () => {
      agent.destroy();
      agent = new Agent({ keepAlive: true });
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
      await stop(child);
    },
  };
}

/** What others mount meanwhile must not count as the server's. Only root can keep it away. */
function ownMountNamespace(): readonly string[] {
  const unshare = commandPath("unshare");
  if (process.geteuid?.() !== 0 || unshare === undefined) return [];
  return [unshare, "--mount", "--propagation", "private", "--"];
}

async function readUrl(stdout: Readable): Promise<string> {
  const lines = createInterface({ input: stdout });
  const [line] = (await once(lines, "line", {
    signal: AbortSignal.timeout(START_TIMEOUT_MS),
  })) as [string];
  // What it still writes must find a reader.
  stdout.resume();
  const url = /http:\S+/.exec(line)?.[0];
  if (url === undefined) throw new Error(`glovebox serve named no address: ${line}`);
  return url;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  child.kill("SIGTERM");
  await closed;
  clearTimeout(timer);
}

async function execute(url: string, agent: Agent, program: PythonProgram): Promise<number> {
  const body = JSON.stringify({ language: "python", code: program.code });
  const started = performance.now();
  const answer = await post(url, agent, body);
  const took = performance.now() - started;
  const parsed = JSON.parse(answer) as { run?: { exit_code?: unknown; stdout?: unknown } };
  if (parsed.run?.exit_code !== 0 || parsed.run.stdout !== program.stdout) {
    throw new Error(`an execution failed: ${answer.slice(0, 500)}`);
  }
  return took;
}

async function post(url: string, agent: Agent, body: string): Promise<string> {
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  const sent = request(url, { method: "POST", agent, headers, signal });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [Readable];
  return text(response);
}
