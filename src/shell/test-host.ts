/**
 * @module
 * For tests: a shell whose commands are processes of this machine. It isolates nothing.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { Writable } from "node:stream";
import { accessSync, constants as files, statSync } from "node:fs";
import { join } from "node:path";
import { createBuiltins } from "./builtins.ts";
import type { FoundPackage, SandboxCommand, ShellHost } from "./host.ts";
import { createJobs } from "./jobs.ts";
import { runLine, type LineParts } from "./run-line.ts";
import { usualPrompt } from "./shell.ts";
import { createState, type NewState } from "./state.ts";
import { collectText, createPipe, type Streams } from "./streams.ts";

export interface TestRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly notes: readonly string[];
  /** What was started. */
  readonly commands: readonly SandboxCommand[];
}

export interface TestShell {
  readonly run: (line: string) => Promise<TestRun>;
}

export interface TestOptions extends Partial<Pick<NewState, "args" | "inherited" | "options">> {
  readonly folder: string;
  readonly packages?: readonly FoundPackage[];
  readonly lines?: "typed" | "script";
  readonly sandboxes?: LineParts["sandboxes"];
}

const maxBytes = 1024 * 1024;

export function openTestShell(options: TestOptions): TestShell {
  const { folder, packages = [], lines = "typed", sandboxes = "own", ...given } = options;
  const state = createState({ name: "test", args: [], inherited: {}, folder, ...given });
  const jobs = createJobs();
  const session = {
    ...{ mode: "emacs" as const, prompt: usualPrompt },
    history: ["first", "Second"] as readonly string[],
  };
  return {
    run: async (line) => {
      const [stdout, stderr] = [collectText(maxBytes), collectText(maxBytes)];
      const notes: string[] = [];
      const commands: SandboxCommand[] = [];
      const host: ShellHost = {
        home: "/home/somebody",
        ...{ stdout: stdout.stream, stderr: stderr.stream },
        reach: {
          workspaceOf: (current) => (lines === "typed" ? current : folder),
          ...{ isFree: lines === "typed", canWrite: lines === "typed" },
        },
        note: (text) => void notes.push(text),
        refuse: (text) => void notes.push(text),
        fail: (error) => {
          notes.push((error as Error).message);
          return 2;
        },
        run: async (command, streams, signal) => {
          commands.push(command);
          return runProcess(command, streams, signal);
        },
        createPipes: async (count) => Array.from({ length: count }, createPipe),
        findPackage: async (word) => packages.find(({ name }) => name === word),
        hasProgram: async (name) => ["/usr/bin", "/bin"].some((at) => isProgram(join(at, name))),
        kindOfFile: (path) => (isProgram(path) ? "program" : undefined),
        permissions: async () => 0,
      };
      const shell = { host, jobs, session, builtins: createBuiltins() };
      const { status } = await runLine(line, {
        ...{ shell, state, sandboxes, isInterrupted: () => false },
        streams: { stdin: "empty", stdout: stdout.stream, stderr: stderr.stream },
        signal: new AbortController().signal,
      });
      const texts = { stdout: stdout.text() ?? "", stderr: stderr.text() ?? "" };
      return { status, ...texts, notes, commands };
    },
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, files.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

async function runProcess(
  { what, env, folder }: SandboxCommand,
  { stdin, stdout, stderr }: Streams,
  signal: AbortSignal,
): Promise<number> {
  const argv =
    what.kind === "program"
      ? what.argv
      : ["echo", what.kind, what.kind === "script" ? what.file : what.found.name, ...what.args];
  const [program = "", ...args] = argv;
  const child = spawn(program, args, {
    ...{ cwd: folder, signal, stdio: "pipe" },
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8", ...env },
  });
  const dies = (): void => void child.kill("SIGPIPE");
  for (const target of [stdout, stderr]) target.on("error", dies);
  child.stdin.on("error", () => undefined);
  if (typeof stdin === "string") child.stdin.end();
  else stdin.on("error", () => child.stdin.end()).pipe(child.stdin);
  child.stdout.pipe(notEnding(stdout));
  child.stderr.pipe(notEnding(stderr));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, name) => {
      resolve(code ?? 128 + (name === null ? 0 : constants.signals[name]));
    });
  });
}

/** Others write to it afterwards. */
function notEnding(target: Writable): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (target.destroyed) done();
      else if (target.write(chunk)) done();
      else {
        const go = (): void => {
          target.off("drain", go).off("close", go);
          done();
        };
        target.on("drain", go).on("close", go);
      }
    },
  });
}
