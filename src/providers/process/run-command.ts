/**
 * @module
 * One command as a child process with a process group of its own.
 */
import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import type { Command } from "../../core/command.ts";
import { GloveboxError } from "../../core/errors.ts";
import type { Execution } from "../../core/execution.ts";
import type { Outcome } from "../../core/outcome.ts";
import { providerName } from "./enforcement.ts";
import { readOutput } from "./output.ts";
import { killGroup, signalGroup } from "./process-group.ts";

/** Why we ended a program; absent where it ended by itself. */
type Cause = "wallTime" | "output" | "canceled";

export interface RunningCommand {
  readonly done: Promise<Execution>;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly cancel: () => void;
}

type Child = ChildProcessByStdio<Writable | null, Readable, Readable>;

/** @param command Its paths are those of the host. */
export function runCommand(command: Command): RunningCommand {
  const [program = "", ...args] = command.argv;
  const child = spawn(program, args, {
    cwd: command.cwd,
    env: command.env,
    detached: true,
    stdio: [command.stdin === "empty" ? "ignore" : "pipe", "pipe", "pipe"],
  }) as Child;
  const end = createEnd(child.pid);
  return {
    done: child.pid === undefined ? explainFailure(child, command) : follow(child, command, end),
    signal: (name) => {
      if (child.pid !== undefined && !end.isOver) signalGroup(child.pid, name);
    },
    cancel: () => {
      end.because("canceled");
    },
  };
}

interface End {
  readonly cause: Cause | undefined;
  /** The command's own process is gone. */
  isOver: boolean;
  /** Called when a cause is set; the reader of the output may hang in a slow `onOutput`. */
  onCancel: () => void;
  /** Kills the group; the first cause counts, and none after the program's own end. */
  because(cause: Cause): void;
}

function createEnd(processGroup: number | undefined): End {
  let first: Cause | undefined;
  return {
    get cause() {
      return first;
    },
    isOver: false,
    onCancel: () => undefined,
    because(cause) {
      if (!this.isOver) {
        first ??= cause;
        if (processGroup !== undefined) signalGroup(processGroup, "SIGKILL");
      }
      if (cause === "canceled") this.onCancel();
    },
  };
}

async function follow(child: Child, command: Command, end: End): Promise<Execution> {
  const startedMs = performance.now();
  const { wallTimeMs } = command.limits;
  const timer =
    wallTimeMs === "unlimited"
      ? undefined
      : setTimeout(() => {
          end.because("wallTime");
        }, wallTimeMs);
  const output = readOutput(child, command, () => {
    if (command.onOutputLimit === "kill") end.because("output");
  });
  const canceled = new Promise<void>((resolve) => {
    end.onCancel = resolve;
  });
  // Without its reader a program would hang in write(2) until its wall time.
  const read = Promise.race([output.done, canceled]).catch((error: unknown) => {
    end.because("canceled");
    throw error;
  });
  // It is awaited below, after the processes are gone.
  read.catch(() => undefined);
  const disconnect = feedStdin(child, command.stdin);
  try {
    const [exitCode, signal] = (await once(child, "exit")) as [
      number | null,
      NodeJS.Signals | null,
    ];
    end.isOver = true;
    await killGroup(child.pid ?? 0);
    const endedMs = performance.now();
    output.stopAtSilence();
    await read;
    const { droppedBytes } = output;
    const isOverLimit = droppedBytes.stdout + droppedBytes.stderr > 0;
    const cause =
      end.cause ?? (isOverLimit && command.onOutputLimit === "kill" ? "output" : undefined);
    return {
      outcome: outcomeOf(cause, exitCode, signal),
      usage: { wallTimeMs: endedMs - startedMs },
      droppedBytes,
    };
  } finally {
    clearTimeout(timer);
    disconnect();
    output.stop();
  }
}

function outcomeOf(
  cause: Cause | undefined,
  exitCode: number | null,
  signal: NodeJS.Signals | null,
): Outcome {
  if (cause === "canceled") return { kind: "canceled" };
  if (cause !== undefined) return { kind: "limit", limit: cause, exitCode };
  if (signal !== null) return { kind: "signaled", signal };
  return { kind: "exited", exitCode: exitCode ?? 0 };
}

/** The caller's stream is let go at the end, never destroyed: it is not ours. */
function feedStdin({ stdin }: Child, source: Readable | "empty"): () => void {
  if (stdin === null || source === "empty") return () => undefined;
  const endInput = (): void => {
    stdin.end();
  };
  // EPIPE: a program need not read its stdin.
  stdin.on("error", () => source.unpipe(stdin));
  // `close` without `end`: whoever sent it went away.
  source.once("error", endInput).once("close", endInput);
  source.pipe(stdin);
  if (source.destroyed) endInput();
  return () => {
    source.unpipe(stdin);
    source.off("error", endInput).off("close", endInput);
    stdin.destroy();
  };
}

/** Exit codes of sh(1) for a program that is not there, or can't be executed. */
const exitCodes: Readonly<Record<string, readonly [code: number, reason: string]>> = {
  ENOENT: [127, "not found"],
  EACCES: [126, "Permission denied"],
  ENOTDIR: [126, "Not a directory"],
  ENOEXEC: [126, "Exec format error"],
  ELOOP: [126, "Too many levels of symbolic links"],
  ENAMETOOLONG: [126, "File name too long"],
  E2BIG: [126, "Argument list too long"],
};

async function explainFailure(child: Child, command: Command): Promise<Execution> {
  const [error] = (await once(child, "error")) as [NodeJS.ErrnoException];
  const [program = ""] = command.argv;
  const known = exitCodes[error.code ?? ""];
  if (known === undefined) {
    throw new GloveboxError(
      "SANDBOX_FAILED",
      `${providerName}: cannot start \`${program}\`: ${error.message}. Try again later.`,
      { provider: providerName, step: "start the program" },
      { cause: error },
    );
  }
  const [exitCode, reason] = known;
  await command.onOutput("stderr", Buffer.from(`glovebox: cannot run ${program}: ${reason}\n`));
  return {
    outcome: { kind: "exited", exitCode },
    usage: { wallTimeMs: 0 },
    droppedBytes: { stdout: 0, stderr: 0 },
  };
}
